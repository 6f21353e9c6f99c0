import type { Authority } from '../authority/authority.ts'
import type { CertificatePath } from '../chain/import-certificate.ts'
import { issuerKeyIdentifier } from '../chain/issuer-identity.ts'
import { constraintsOf, type PathConstraints } from '../chain/name-constraints/check-names.ts'
import { remainingPathLength } from '../chain/path-length.ts'
import { constantExtension, nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { encodeAuthorityKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { oids } from '../x509/der/oid.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'

export interface AuthorityKey {
  readonly keyHandle: string
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
}

/** The CA certificate under whose name and key a certificate is issued. */
export interface Issuer extends AuthorityKey {
  /** DER of the Name, copied byte for byte. */
  readonly subjectDer: Uint8Array
  readonly keyIdentifier: Uint8Array
  /** authorityKeyIdentifier of the certificates that it issues. */
  readonly authorityKeyIdentifier: Extension
  readonly notAfter: Date
  /** How many CA certificates may follow below it; undefined if there is no limit. */
  readonly remainingPathLength: number | undefined
  /** Of usage mode SHORT_LIVED_CERTIFICATE: issues end entities only, for seven days at most. */
  readonly shortLived: boolean
  /** Of the CA certificate and of those above it. */
  readonly nameConstraints: PathConstraints
}

/** The parts of a CA and its certificate that issuance depends on. */
export function issuerOf(
  { certificate, chain }: CertificatePath,
  authority: Pick<Authority, 'usageMode' | 'keyHandle'>,
): Issuer {
  const keyIdentifier = issuerKeyIdentifier(certificate)
  return {
    keyHandle: keyHandleOf(authority),
    subjectDer: certificate.subject.der,
    keyIdentifier,
    authorityKeyIdentifier: authorityKeyIdentifierOf(keyIdentifier),
    subjectPublicKeyInfo: certificate.subjectPublicKeyInfo,
    notAfter: certificate.notAfter,
    remainingPathLength: remainingPathLength([certificate, ...chain]),
    shortLived: authority.usageMode === 'SHORT_LIVED_CERTIFICATE',
    nameConstraints: constraintsOf([certificate, ...chain]),
  }
}

/** The extension with a keyIdentifier alone. */
export function authorityKeyIdentifierOf(keyIdentifier: Uint8Array): Extension {
  const value = encodeAuthorityKeyIdentifier(keyIdentifier)
  return constantExtension(nonCritical(oids.authorityKeyIdentifier, value))
}

/** The handle of the key of a CA. Only for a CA that has one. */
export function keyHandleOf({ keyHandle }: Pick<Authority, 'keyHandle'>): string {
  if (keyHandle === undefined) throw new Error('the certificate authority has no key')
  return keyHandle
}
