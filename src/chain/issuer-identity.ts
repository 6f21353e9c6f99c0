/**
 * A CA's identities, which are the pairs of subject and key identifier under which it issues certificates. Certificates and
 * CRLs contain both the issuer's name and key identifier (RFC 5280 §4.1.2.4, §4.2.1.1, §5.1.2.3), so a CRL is valid only for
 * certificates issued under the same identity. A renewal may change the identity, because a different parent may encode the
 * subject with other string types or compute a different subjectKeyIdentifier.
 */
import type { Certificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseSubjectKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { oids } from '../x509/der/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'

/**
 * The identity of a CA's first certificate. The file names of the first identity's CRL and CA certificate are the CA's
 * ID without a suffix.
 */
export const firstIdentity = 1

/** A current or former certificate of a CA, with the number of its identity. */
export interface IdentifiedCertificate {
  readonly identity: number
  readonly certificate: Certificate
}

/** Returns a CA certificate's subjectKeyIdentifier or, if it is absent, the SHA-1 of the public key (RFC 5280 §4.2.1.2). */
export function issuerKeyIdentifier({
  extensions,
  subjectPublicKeyInfo,
}: Pick<Certificate, 'extensions' | 'subjectPublicKeyInfo'>): Uint8Array {
  const extension = findExtension(extensions, oids.subjectKeyIdentifier)
  return extension === undefined
    ? keyIdentifier(subjectPublicKeyInfo)
    : parseSubjectKeyIdentifier(extension.value)
}

/**
 * Returns whether two certificates of a CA have the same identity. Subjects are compared byte for byte, because some
 * validators do so to find the issuer of a certificate or CRL.
 */
export function sameIdentity(a: Certificate, b: Certificate): boolean {
  return (
    Buffer.compare(a.subject.der, b.subject.der) === 0 &&
    Buffer.compare(issuerKeyIdentifier(a), issuerKeyIdentifier(b)) === 0
  )
}

/**
 * Returns the identity number for a certificate to import: the number of an earlier certificate with the same identity, otherwise
 * the next number. `earlier` contains the CA's former certificates, oldest first. Only the last certificate with each number
 * matters, because early versions of Signet gave every certificate the number 1.
 */
export function identityOf(
  certificate: Certificate,
  earlier: readonly IdentifiedCertificate[],
): number {
  const last = new Map(earlier.map((each) => [each.identity, each.certificate]))
  for (const [identity, other] of last) if (sameIdentity(certificate, other)) return identity
  return Math.max(firstIdentity - 1, ...last.keys()) + 1
}

/**
 * Returns the certificates whose identity differs from that of the last certificate with the same number. A CRL is issued under
 * the last identity with the CRL's number, so validators reject the CRL for certificates from earlier identities. Only early
 * versions of Signet, which did not record identities, created duplicate numbers. `certificates` contains the certificates of a
 * single CA, oldest first.
 */
export function supersededIdentities<Each extends IdentifiedCertificate>(
  certificates: readonly Each[],
): Each[] {
  const last = new Map(certificates.map((each) => [each.identity, each.certificate]))
  return certificates.filter(({ identity, certificate }) => {
    const current = last.get(identity)
    return current !== undefined && !sameIdentity(certificate, current)
  })
}

/** Returns the file name, without extension, of an identity's complete CRL and CA certificate. */
export function identityFileName(authorityId: string, identity: number): string {
  return identity === firstIdentity ? authorityId : `${authorityId}-${identity}`
}

const fileNameForm = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-([1-9]\d{0,8}))?$/

/** Parses a result of identityFileName, and returns undefined for any other string. */
export function parseIdentityFileName(
  name: string,
): { readonly authorityId: string; readonly identity: number } | undefined {
  const [, authorityId, number] = fileNameForm.exec(name) ?? []
  if (authorityId === undefined) return undefined
  const identity = number === undefined ? firstIdentity : Number(number)
  return number === String(firstIdentity) ? undefined : { authorityId, identity }
}
