/**
 * What the creator of a CA asked for. Kept as AWS's own document, member for member, because
 * DescribeCertificateAuthority gives it back unchanged.
 */
import { enumeration, required, structure } from '../wire/shapes/shape.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { invalidArgs } from '../errors.ts'
import {
  offeredKeyAlgorithms,
  requireSigningAlgorithm,
  keyAlgorithms,
  signingAlgorithms,
} from './algorithms.ts'
import { csrExtensions, csrExtensionsShape } from './csr-extensions.ts'
import { encodeSubject, asn1Subject } from './subject.ts'

export const signingAlgorithm = enumeration(signingAlgorithms)

export const certificateAuthorityConfiguration = structure({
  KeyAlgorithm: required(enumeration(keyAlgorithms)),
  SigningAlgorithm: required(signingAlgorithm),
  Subject: required(asn1Subject),
  CsrExtensions: csrExtensionsShape,
})

/** CertificateAuthorityConfiguration (AWS Private CA API). */
export type AuthorityConfiguration = Encodable<typeof certificateAuthorityConfiguration>

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
    throw invalidArgs(
      `Key algorithm ${KeyAlgorithm} is not offered. Offered are: ${offeredKeyAlgorithms.join(', ')}.`,
    )
  encodeSubject(Subject)
  if (requested === undefined) return { KeyAlgorithm, SigningAlgorithm, Subject }
  csrExtensions(requested)
  return { KeyAlgorithm, SigningAlgorithm, Subject, CsrExtensions: requested }
}
