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
