/**
 * The configuration of a CA. The configuration is stored in the JSON form of the AWS API, because
 * DescribeCertificateAuthority returns it unchanged.
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
 * Validates a CA's configuration. Throws InvalidArgsException if an algorithm is unsupported, the two algorithms do not match, or
 * the subject or an extension cannot be encoded.
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
      `Key algorithm ${KeyAlgorithm} is not supported. Supported algorithms: ${offeredKeyAlgorithms.join(', ')}.`,
    )
  encodeSubject(Subject)
  if (requested === undefined) return { KeyAlgorithm, SigningAlgorithm, Subject }
  csrExtensions(requested)
  return { KeyAlgorithm, SigningAlgorithm, Subject, CsrExtensions: requested }
}
