import type { UsageMode } from '../authority/authority.ts'
import type { CertificatePath } from '../chain/import-certificate.ts'
import { issuerKeyIdentifier } from '../chain/issuer-identity.ts'
import { constraintsOf, type PathConstraints } from '../chain/name-constraints/check-names.ts'
import { remainingPathLength } from '../chain/path-length.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'

/** The CA certificate under whose name and key a certificate is issued. */
export interface Issuer {
  /** DER of the Name, copied byte for byte. */
  readonly subjectDer: Uint8Array
  readonly keyIdentifier: Uint8Array
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly notAfter: Date
  /** How many CA certificates may follow below it; undefined if there is no limit. */
  readonly remainingPathLength: number | undefined
  /** Of usage mode SHORT_LIVED_CERTIFICATE: issues end entities only, for seven days at most. */
  readonly shortLived: boolean
  /** Of the CA certificate and of those above it. */
  readonly nameConstraints: PathConstraints
}

/** What of a CA certificate, of the chain above it and of the CA's mode counts for what it issues. */
export function issuerOf({ certificate, chain }: CertificatePath, usageMode: UsageMode): Issuer {
  return {
    subjectDer: certificate.subject.der,
    keyIdentifier: issuerKeyIdentifier(certificate),
    subjectPublicKeyInfo: certificate.subjectPublicKeyInfo,
    notAfter: certificate.notAfter,
    remainingPathLength: remainingPathLength([certificate, ...chain]),
    shortLived: usageMode === 'SHORT_LIVED_CERTIFICATE',
    nameConstraints: constraintsOf([certificate, ...chain]),
  }
}
