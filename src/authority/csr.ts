import { encodeBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { encodeCertificationRequestInfo } from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import type { AuthorityConfiguration } from './configuration.ts'
import { csrExtensions } from './csr-extensions.ts'
import { encodeSubject } from './subject.ts'

/**
 * What a CA's own CSR says: DER of CertificationRequestInfo (RFC 2986 §4.1), asking for critical basicConstraints
 * CA:TRUE and what CsrExtensions add.
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
