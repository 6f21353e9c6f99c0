import type { Authority, InstalledCertificate } from '../authority/authority.ts'
import { createOwnedCaches } from '../bounded-cache.ts'
import { issuerOf, type Issuer } from './issuer.ts'
import type { Database } from '../store/database.ts'
import { findIdentityCertificate, readSignerCertificate } from '../store/installed-certificates.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import { issuerTolerance } from '../x509/der/tolerance.ts'

/** The parts of a CA certificate on which a CRL depends. */
export type CrlIssuer = Pick<
  Issuer,
  'keyHandle' | 'subjectDer' | 'keyIdentifier' | 'subjectPublicKeyInfo' | 'notAfter'
>

const issuersMax = 1000

/** A cache of issuers. Issuers never change, because an installed certificate, its key and its CA's usage mode never change. */
const cacheOf = createOwnedCaches<Issuer>(issuersMax)

/** Returns the issuer for a CA's current certificate. Throws if the CA has no certificate. */
export function issuerWith(db: Database, authority: Authority): Issuer {
  const { certificate: installed } = authority
  if (installed === undefined) throw new Error('the certificate authority has no certificate')
  const cache = cacheOf(db)
  const name = String(installed.number)
  const known = cache.get(name)
  if (known !== undefined) return known
  const certificate = parseCertificate(installed.certificateDer)
  const issuer = issuerOf({ certificate, chain: chainOf(installed) }, authority)
  cache.set(name, issuer)
  return issuer
}

/** Returns the issuer for a current or former certificate of a CA. */
export async function issuerOfNumber(
  db: Database,
  authority: Authority,
  number: number,
): Promise<Issuer> {
  if (authority.certificate?.number === number) return issuerWith(db, authority)
  const signer = await readSignerCertificate(db, number)
  const certificate = parseCertificate(signer.certificateDer)
  return issuerOf({ certificate, chain: chainOf(signer) }, authority)
}

/**
 * Returns the issuer name and the signing key for the CRLs that an identity issues. Throws if the CA never had a certificate with
 * that identity.
 */
export async function crlIssuerOf(
  db: Database,
  authority: Authority,
  identity: number,
): Promise<CrlIssuer> {
  if (authority.certificate?.issuerIdentity === identity) return issuerWith(db, authority)
  const found = await findIdentityCertificate(db, authority.number, identity)
  if (found === undefined)
    throw new Error(`the certificate authority has no certificate for its identity ${identity}`)
  const certificate = parseCertificate(found.certificateDer)
  return issuerOf({ certificate, chain: [] }, authority)
}

function chainOf({ chainPem }: Pick<InstalledCertificate, 'chainPem'>): Certificate[] {
  return parsePem(chainPem ?? '').map(({ der }) => parseCertificate(der, issuerTolerance))
}
