import type { UsageMode } from '../authority/authority.ts'
import type { CertificatePath } from '../authority/import-certificate.ts'
import { remainingPathLength } from '../authority/path-length.ts'
import { findExtension } from '../x509/extensions.ts'
import { parseSubjectKeyIdentifier } from '../x509/key-identifiers.ts'
import { oids } from '../x509/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import type { Issuer } from './prepare-certificate.ts'

/** What of a CA certificate, of the chain above it and of the CA's mode counts for what it issues. */
export function issuerOf({ certificate, chain }: CertificatePath, usageMode: UsageMode): Issuer {
  const extension = findExtension(certificate.extensions, oids.subjectKeyIdentifier)
  return {
    subjectDer: certificate.subject.der,
    keyIdentifier:
      extension === undefined
        ? keyIdentifier(certificate.subjectPublicKeyInfo)
        : parseSubjectKeyIdentifier(extension.value),
    notAfter: certificate.notAfter,
    remainingPathLength: remainingPathLength([certificate, ...chain]),
    shortLived: usageMode === 'SHORT_LIVED_CERTIFICATE',
  }
}
