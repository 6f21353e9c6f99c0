import { parsePem } from '../x509/pem.ts'
import type { Authority } from './authority.ts'
import { encodeBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import {
  encodeCertificationRequestInfo,
  parseCertificationRequest,
} from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import type { AuthorityConfiguration } from './configuration.ts'
import { csrExtensions } from './csr-extensions.ts'
import { encodeSubject } from './subject.ts'

/**
 * Encodes a CA's CertificationRequestInfo in DER (RFC 2986 §4.1), with critical basicConstraints CA:TRUE and the extensions in
 * CsrExtensions.
 */
export function encodeAuthorityCsrInfo(
  { Subject, CsrExtensions = {} }: AuthorityConfiguration,
  subjectPublicKeyInfo: Uint8Array,
): Uint8Array {
  const value = encodeBasicConstraints({ ca: true, pathLenConstraint: undefined })
  return encodeCertificationRequestInfo({
    subject: encodeSubject(Subject),
    subjectPublicKeyInfo,
    extensions: [
      { oid: oids.basicConstraints, critical: true, value },
      ...csrExtensions(CsrExtensions),
    ],
  })
}

/** Returns a CA's SubjectPublicKeyInfo in DER, taken from its CSR. Throws if the CA has no CSR. */
export function publicKeyOf({ csrPem }: Authority): Uint8Array {
  const [block] = parsePem(csrPem ?? '')
  if (block === undefined) throw new Error('the certificate authority has no CSR')
  return parseCertificationRequest(block.der).subjectPublicKeyInfo.der
}
