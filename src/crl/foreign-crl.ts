import { BucketError, type ObjectLocation } from '../objects/object-store.ts'
import type { CrlIssuer } from '../issuance/issuer-cache.ts'
import type { Services } from '../services.ts'
import type { CrlRecord } from '../store/crls.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { DerError } from '../x509/der/error.ts'
import { verifySignature } from '../x509/verify-signature.ts'

/** Ten times the largest CRL that a quota allows. */
const crlBytesMax = 512 * 1024 * 1024

interface PublishedPlace {
  readonly crl: CrlRecord
  readonly at: ObjectLocation
  readonly issuer: CrlIssuer
}

/** A CRL that the CA has signed, and that is not the one its record knows. */
export interface ForeignCrl {
  /** cRLNumber. */
  readonly number: number
  /** Contents octets of revokedCertificates. */
  readonly revokedCertificates: Uint8Array
}

/**
 * What is published there now if it is a CRL of this CA that the record does not know, undefined else: a record that is
 * older than what relying parties have seen, because a backup was restored, must make neither numbers fall nor revocations
 * go. What we put there ourselves is known by its etag and not read again; a bucket that does not let us read is taken at
 * our own word.
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
      'the published CRL is not the one that was written last',
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

/** Undefined for bytes that are no CRL, or one that the CA has not signed: anyone may have put it there. */
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
