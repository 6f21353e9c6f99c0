import { BucketError, type ObjectLocation } from '../objects/object-store.ts'
import type { CrlIssuer } from '../issuance/issuer-cache.ts'
import type { Services } from '../services.ts'
import type { CrlRecord } from '../store/crls.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { DerError } from '../x509/der/error.ts'
import { verifySignature } from '../x509/verify-signature.ts'

/** Maximum size of a published CRL that the server reads: ten times the largest CRL within the quotas. */
const crlBytesMax = 512 * 1024 * 1024

interface PublishedPlace {
  readonly crl: CrlRecord
  readonly at: ObjectLocation
  readonly issuer: CrlIssuer
}

/** A published CRL that was signed by the CA but is not recorded in the CRL's row. */
export interface ForeignCrl {
  /** The cRLNumber extension. */
  readonly number: number
  /** Content bytes of the revokedCertificates field. */
  readonly revokedCertificates: Uint8Array
}

/**
 * Returns the published object if it is a CRL from this CA that is not recorded in the database. After a restore, the database
 * may be older than published CRLs. CRL numbers must not decrease, and published revocations must not be lost. A CRL written by
 * this server is recognized by its ETag and is not read again. If the bucket denies reads, the database row is trusted.
 */
export async function findForeignCrl(
  services: Services,
  published: PublishedPlace,
): Promise<ForeignCrl | undefined> {
  const { objects, log } = services
  const { crl, at, issuer } = published
  try {
    const head = await objects.head(at)
    if (head === undefined || isOwn(published, head.etag)) return undefined
    const der = await objects.get(at, crlBytesMax)
    if (der === undefined) return undefined
    const foreign = await verified(der, issuer)
    log.warn(
      { crl: crl.name, ...at, number: foreign?.number ?? 0 },
      'the published CRL is not the last CRL that Signet wrote',
    )
    return foreign
  } catch (error) {
    if (!(error instanceof BucketError || error instanceof RangeError)) throw error
    log.debug({ crl: crl.name, ...at, err: error }, 'the published CRL cannot be read')
    return undefined
  }
}

function isOwn({ crl, at }: PublishedPlace, etag: string): boolean {
  const last = crl.published
  return last?.etag === etag && last.bucket === at.bucket && last.key === at.key
}

/**
 * Parses a CRL and verifies that it was signed by the CA. Returns undefined for any other content, such as an object from another
 * program.
 */
async function verified(
  der: Uint8Array,
  { subjectPublicKeyInfo }: CrlIssuer,
): Promise<ForeignCrl | undefined> {
  try {
    const list = parseCertificateList(der)
    const { tbsCertListDer, signatureAlgorithm, signature, crlNumber } = list
    const check = await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm,
      message: tbsCertListDer,
      signature,
    })
    if (check !== 'valid' || crlNumber === undefined) return undefined
    if (crlNumber >= Number.MAX_SAFE_INTEGER) return undefined
    return { number: Number(crlNumber), revokedCertificates: list.revokedCertificates }
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}
