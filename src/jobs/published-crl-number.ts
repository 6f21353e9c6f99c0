import type { Issuer } from '../issuance/issuer.ts'
import { BucketError, type ObjectLocation } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import type { CrlRecord } from '../store/crls.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { DerError } from '../x509/der-error.ts'
import { verifySignature } from '../x509/verify-signature.ts'

/** Ten times the largest CRL that a quota allows. */
const crlOctetsMax = 512 * 1024 * 1024

interface Looked {
  readonly crl: CrlRecord
  readonly at: ObjectLocation
  readonly issuer: Issuer
}

/**
 * cRLNumber of what is published there now, 0 if that is nothing or no CRL of this CA: a record that is older than what
 * relying parties have seen, because a backup was restored, must not make numbers fall. What we put there ourselves is
 * known by its etag and not read again; a bucket that does not let us read is taken at our own word.
 */
export async function publishedCrlNumber(services: Services, looked: Looked): Promise<number> {
  const { objects, log } = services
  const { crl, at, issuer } = looked
  try {
    const head = await objects.head(at)
    if (head === undefined || isOwn(looked, head.etag)) return 0
    const der = await objects.get(at, crlOctetsMax)
    if (der === undefined) return 0
    const number = await verifiedNumber(der, issuer)
    log.warn(
      { crl: crl.name, ...at, number },
      'the published CRL is not the one that was written last',
    )
    return number
  } catch (error) {
    if (!(error instanceof BucketError || error instanceof RangeError)) throw error
    log.debug({ crl: crl.name, ...at, err: error }, 'the published CRL cannot be read')
    return 0
  }
}

function isOwn({ crl, at }: Looked, etag: string): boolean {
  const { published } = crl
  return published?.etag === etag && published.bucket === at.bucket && published.key === at.key
}

/** 0 for bytes that are no CRL, or one that the CA has not signed: anyone may have put it there. */
async function verifiedNumber(der: Uint8Array, { subjectPublicKeyInfo }: Issuer): Promise<number> {
  try {
    const { tbsCertListDer, signatureAlgorithm, signature, crlNumber } = parseCertificateList(der)
    const check = await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm,
      message: tbsCertListDer,
      signature,
    })
    if (check !== 'valid' || crlNumber === undefined) return 0
    return crlNumber < Number.MAX_SAFE_INTEGER ? Number(crlNumber) : 0
  } catch (error) {
    if (error instanceof DerError) return 0
    throw error
  }
}
