import { encodeBasicConstraints } from '../x509/basic-constraints.ts'
import { encodeCertificationRequestInfo } from '../x509/certification-request.ts'
import { oids } from '../x509/oid.ts'
import { encodeSubject, type Asn1Subject } from './subject.ts'

/**
 * What a CA's own CSR says: DER of CertificationRequestInfo (RFC 2986 §4.1), with critical basicConstraints CA:TRUE
 * as its only requested extension.
 */
export function encodeAuthorityCsrInfo(
  subject: Asn1Subject,
  subjectPublicKeyInfo: Uint8Array,
): Uint8Array {
  const value = encodeBasicConstraints({ ca: true, pathLenConstraint: undefined })
  return encodeCertificationRequestInfo({
    subject: encodeSubject(subject),
    subjectPublicKeyInfo,
    extensions: [{ oid: oids.basicConstraints, critical: true, value }],
  })
}
