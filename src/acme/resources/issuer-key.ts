/** Key identifiers of a CA's current and former certificates. */
import { createOwnedCaches } from '../../bounded-cache.ts'
import { issuerKeyIdentifier } from '../../chain/issuer-identity.ts'
import type { CertificateId } from '../../enrollment/certificate-id.ts'
import { listOwnCertificates } from '../../store/installed-certificates.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { AcmeServices } from '../resource.ts'

/**
 * Cached key identifiers of CAs, in hexadecimal. A CA never loses a key identifier, so the certificates are read again only for
 * an unknown identifier.
 */
const keysOf = createOwnedCaches<ReadonlySet<string>>(1000)

/** Returns whether the CA has or had a certificate with the key identifier. */
export async function isIssuedUnder(
  { api }: Pick<AcmeServices, 'api'>,
  authorityNumber: number,
  { keyIdentifier }: Pick<CertificateId, 'keyIdentifier'>,
): Promise<boolean> {
  const { db } = api.services
  const requested = Buffer.from(keyIdentifier).toString('hex')
  const cacheKey = String(authorityNumber)
  if (keysOf(db).get(cacheKey)?.has(requested) === true) return true
  const certificates = await listOwnCertificates(db, authorityNumber)
  const keys = certificates.map(({ certificateDer }) =>
    Buffer.from(issuerKeyIdentifier(parseCertificate(certificateDer))).toString('hex'),
  )
  keysOf(db).set(cacheKey, new Set(keys))
  return keys.includes(requested)
}
