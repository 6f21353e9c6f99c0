/**
 * The identities of a CA: the pairs of subject and key identifier under which it issues. Certificates and CRLs repeat both
 * (RFC 5280 §4.1.2.4, §4.2.1.1, §5.1.2.3), so a CRL is valid only for certificates that were issued under the same identity.
 * A renewal may change the identity: another parent writes the subject in other string types or computes another
 * subjectKeyIdentifier.
 */
import type { Certificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseSubjectKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { oids } from '../x509/der/oid.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'

/** The identity of a CA's first certificate. Its CRL and its CA certificate have the plain id of the CA as their file name. */
export const firstIdentity = 1

/** A certificate that a CA has or had, and the number of its identity. */
export interface IdentifiedCertificate {
  readonly identity: number
  readonly certificate: Certificate
}

/** The subjectKeyIdentifier of a CA certificate; without one, the SHA-1 of its public key (RFC 5280 §4.2.1.2). */
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
 * Whether two certificates of a CA have the same identity. Subjects are compared byte for byte, because some validators do
 * the same when they look for the issuer of a certificate or CRL.
 */
export function sameIdentity(a: Certificate, b: Certificate): boolean {
  return (
    Buffer.compare(a.subject.der, b.subject.der) === 0 &&
    Buffer.compare(issuerKeyIdentifier(a), issuerKeyIdentifier(b)) === 0
  )
}

/**
 * The number of the identity of a certificate to import: that of an earlier certificate with the same identity, otherwise
 * the next number. `earlier` are the certificates that the CA had, oldest first. Only the last certificate of each number
 * matters: versions before identities were recorded gave every certificate the number 1.
 */
export function identityOf(
  certificate: Certificate,
  earlier: readonly IdentifiedCertificate[],
): number {
  const last = new Map(earlier.map((each) => [each.identity, each.certificate]))
  for (const [identity, known] of last) if (sameIdentity(certificate, known)) return identity
  return Math.max(firstIdentity - 1, ...last.keys()) + 1
}

/**
 * The certificates whose identity is not that of the last certificate with the same number: CRLs under that number are issued
 * under the identity of the last one, and validators do not accept them for what was issued under these. Only versions before
 * identities were recorded made such numbers. `certificates` are those of one CA, oldest first.
 */
export function supersededIdentities<Each extends IdentifiedCertificate>(
  certificates: readonly Each[],
): Each[] {
  const last = new Map(certificates.map((each) => [each.identity, each.certificate]))
  return certificates.filter(({ identity, certificate }) => {
    const present = last.get(identity)
    return present !== undefined && !sameIdentity(certificate, present)
  })
}

/** File name, without extension, of the complete CRL and of the CA certificate of an identity. */
export function identityFileName(authorityId: string, identity: number): string {
  return identity === firstIdentity ? authorityId : `${authorityId}-${identity}`
}

const fileNameForm = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-([1-9]\d{0,8}))?$/

/** The reverse of identityFileName; undefined for any other text. */
export function parseIdentityFileName(
  name: string,
): { readonly authorityId: string; readonly identity: number } | undefined {
  const [, authorityId, number] = fileNameForm.exec(name) ?? []
  if (authorityId === undefined) return undefined
  const identity = number === undefined ? firstIdentity : Number(number)
  return number === String(firstIdentity) ? undefined : { authorityId, identity }
}
