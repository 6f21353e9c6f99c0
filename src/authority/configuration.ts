/**
 * What the creator of a CA asked for. Kept as AWS's own document, member for member, because
 * DescribeCertificateAuthority gives it back unchanged.
 */
import { ServiceError } from '../errors.ts'
import {
  offeredKeyAlgorithms,
  requireSigningAlgorithm,
  type KeyAlgorithm,
  type SigningAlgorithm,
} from './algorithms.ts'
import { csrExtensions, type CsrExtensions } from './csr-extensions.ts'
import { encodeSubject, type Asn1Subject } from './subject.ts'

/** CertificateAuthorityConfiguration (AWS Private CA API). */
export interface AuthorityConfiguration {
  readonly KeyAlgorithm: KeyAlgorithm
  readonly SigningAlgorithm: SigningAlgorithm
  readonly Subject: Asn1Subject
  readonly CsrExtensions?: CsrExtensions
}

/** RevocationConfiguration as it is kept and described: both blocks always present. */
export interface RevocationConfiguration {
  readonly CrlConfiguration: { readonly Enabled: boolean }
  readonly OcspConfiguration: { readonly Enabled: boolean }
}

/** A RevocationConfiguration as a caller may send it. */
export interface RequestedRevocation {
  readonly CrlConfiguration?: { readonly Enabled: boolean }
  readonly OcspConfiguration?: { readonly Enabled: boolean }
}

const allDisabled: RevocationConfiguration = {
  CrlConfiguration: { Enabled: false },
  OcspConfiguration: { Enabled: false },
}

/**
 * Throws InvalidArgsException for a configuration that no CA can be made from: an algorithm that is not offered, or
 * that the key cannot sign with, a subject or an extension that cannot be encoded.
 */
export function requireConfiguration({
  KeyAlgorithm,
  SigningAlgorithm,
  Subject,
  CsrExtensions: requested,
}: AuthorityConfiguration): AuthorityConfiguration {
  requireSigningAlgorithm(KeyAlgorithm, SigningAlgorithm)
  if (!offeredKeyAlgorithms.includes(KeyAlgorithm))
    throw new ServiceError(
      'InvalidArgsException',
      `Key algorithm ${KeyAlgorithm} is not offered. Offered are: ${offeredKeyAlgorithms.join(', ')}.`,
    )
  encodeSubject(Subject)
  if (requested === undefined) return { KeyAlgorithm, SigningAlgorithm, Subject }
  csrExtensions(requested)
  return { KeyAlgorithm, SigningAlgorithm, Subject, CsrExtensions: requested }
}

/**
 * The revocation configuration to keep. Throws InvalidArgsException when a method of revocation is asked for that
 * this server does not offer, or when a disabled one carries parameters.
 */
export function requireRevocation(
  requested: RequestedRevocation | undefined,
): RevocationConfiguration {
  requireDisabled('CrlConfiguration', requested?.CrlConfiguration)
  requireDisabled('OcspConfiguration', requested?.OcspConfiguration)
  return allDisabled
}

function requireDisabled(name: string, block: { readonly Enabled: boolean } | undefined): void {
  if (block === undefined) return
  if (block.Enabled)
    throw new ServiceError('InvalidArgsException', `${name} cannot be enabled: it is not offered.`)
  if (Object.keys(block).length > 1)
    throw new ServiceError(
      'InvalidArgsException',
      `${name} is disabled and must not have other parameters.`,
    )
}
