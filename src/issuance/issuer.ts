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

/** The CA that issues a certificate, with the parts of the CA's own certificate on which issuance depends. */
export interface Issuer extends AuthorityKey {
  /** Subject of the CA certificate in DER, copied byte for byte. */
  readonly subjectDer: Uint8Array
  readonly keyIdentifier: Uint8Array
  /** The authorityKeyIdentifier of issued certificates. */
  readonly authorityKeyIdentifier: Extension
  readonly notAfter: Date
  /** Path length: the number of CA certificates allowed below the CA certificate; undefined if there is no limit. */
  readonly remainingPathLength: number | undefined
  /**
   * Whether the CA's usage mode is SHORT_LIVED_CERTIFICATE, which permits only end-entity certificates that
   * are valid for at most seven days.
   */
  readonly shortLived: boolean
  /** Name constraints in the CA certificate and in the certificates above it. */
  readonly nameConstraints: PathConstraints
}

/** The parts of a CA and its certificate on which issuance depends. */
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

/** Encodes an authorityKeyIdentifier that contains only a keyIdentifier. */
export function authorityKeyIdentifierOf(keyIdentifier: Uint8Array): Extension {
  const value = encodeAuthorityKeyIdentifier(keyIdentifier)
  return constantExtension(nonCritical(oids.authorityKeyIdentifier, value))
}

/** Returns the handle of a CA's key. Throws if the CA has no key. */
export function keyHandleOf({ keyHandle }: Pick<Authority, 'keyHandle'>): string {
  if (keyHandle === undefined) throw new Error('the certificate authority has no key')
  return keyHandle
}
