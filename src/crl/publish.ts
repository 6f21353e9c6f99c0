/**
 * Publishes a CRL: reserves a CRL number, generates and signs the CRL, verifies its signature, writes the object to the
 * bucket, and updates the database row.
 */
import { sha256 } from '../record/merkle.ts'
import { recorded } from '../store/recorded-states.ts'
import { changing } from '../store/sql.ts'
import type { Authority } from '../authority/authority.ts'
import { crlFailures } from '../authority/event.ts'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'
import { BucketError, type ObjectLocation, type PutOptions } from '../objects/object-store.ts'
import { crlUrl } from './revocation-urls.ts'
import { crlIssuerOf, type CrlIssuer } from '../issuance/issuer-cache.ts'
import { crlFields, keptSince, nextCrlNumber, nextUpdateOf, refreshAt } from './contents.ts'
import { crlKey } from './location.ts'
import type { Services } from '../services.ts'
import { finishPublication, republishCrl, reserveCrlNumber, type CrlRecord } from '../store/crls.ts'
import { ConflictError } from '../store/database.ts'
import type { Lease } from '../store/leases.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { parseAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificateList } from '../x509/certificate-list.ts'
import { verifySignature } from '../x509/verify-signature.ts'
import { findForeignCrl } from './foreign-crl.ts'
import { listsAllRevocations } from './listing-crls.ts'
import { recoverRevocations } from './recover-revocations.ts'

/** A due CRL of a CA with CRLs enabled, and the lease for publishing it. */
export interface DueCrl {
  readonly authority: Authority
  readonly crl: CrlRecord
  readonly lease: Lease
  /** Signal that is aborted when the publication must stop, because the server is stopping or the lease is lost. */
  readonly signal: AbortSignal
}

/** Timeout for writing the CRL object, so that a slow bucket does not delay other CRLs for long. */
const putMilliseconds = 60_000

/**
 * Publishes a CRL. Rejects with the error from the failed step. crlFailure classifies this error. After a failure, the CRL number
 * is not reused, and the previous object remains in the bucket.
 */
export async function publishCrl(services: Services, due: DueCrl): Promise<void> {
  const { authority, crl, lease } = due
  const configuration = enabledCrl(authority)
  const at = { bucket: configuration.S3BucketName, key: crlKey(configuration, crl.name) }
  const issuer = await crlIssuerOf(services.db, authority, crl.issuerIdentity)
  const foreign = await findForeignCrl(services, { crl, at, issuer })
  // If the CRL number was never reserved, the database is older than the CRL.
  if (foreign !== undefined && foreign.number > crl.crlNumber)
    await recoverRevocations(services, { authority, crl, issuer }, foreign)
  const generatedAt = services.clock.now()
  const crlNumber = nextCrlNumber(generatedAt, Math.max(foreign?.number ?? 0, crl.crlNumber))
  await services.db.transaction([reserveCrlNumber(crl.id, crlNumber, lease)])
  const generated = await generateCrl(services, due, {
    configuration,
    issuer,
    generatedAt,
    crlNumber,
  }).catch((error: unknown) => {
    throw new CrlGenerationError('the CRL cannot be generated', { cause: error })
  })
  const life = { generatedAt, expirationDays: configuration.ExpirationInDays }
  const nextUpdate = nextUpdateOf(life)
  const head = await put(services, due, {
    at,
    expires: nextUpdate,
    acl: configuration.S3ObjectAcl,
    der: generated.der,
  })
  await record(services, due, {
    crlNumber,
    generatedAt,
    nextUpdate,
    etag: head.etag,
    ...at,
    size: generated.der.length,
    entries: generated.entries,
    keptSince: generated.keptSince,
    changes: crl.changes,
    refreshAt: refreshAt(life),
    digest: sha256(generated.der),
  })
}

function enabledCrl({ revocation }: Authority): EnabledCrl {
  if (!revocation.CrlConfiguration.Enabled) throw new TypeError('the CA has CRLs disabled')
  return revocation.CrlConfiguration
}

/** CRL generation failed for a reason that is unrelated to the bucket. */
class CrlGenerationError extends Error {
  override name = 'CrlGenerationError'
}

interface CrlGeneration {
  readonly configuration: EnabledCrl
  readonly issuer: CrlIssuer
  readonly generatedAt: Date
  readonly crlNumber: number
}

async function generateCrl(
  { bulk, keys, objects }: Services,
  { authority, crl }: DueCrl,
  { configuration, issuer, generatedAt, crlNumber }: CrlGeneration,
) {
  const signingAlgorithm = authority.configuration.SigningAlgorithm
  const listsAll = listsAllRevocations(authority, crl.kind)
  const life = { generatedAt, expirationDays: configuration.ExpirationInDays }
  const fields = crlFields({
    ...life,
    signingAlgorithm,
    issuer,
    crlNumber,
    partitionUri: listsAll ? undefined : crlUrl({ objects }, authority, crl.name),
  })
  const since = keptSince(life, crl.published?.generatedAt)
  const { tbsCertListDer, entries } = await bulk.tbsCertList(fields, {
    authorityNumber: authority.number,
    crlId: listsAll ? undefined : crl.id,
    keptSince: since,
  })
  const signature = await keys.sign(issuer.keyHandle, signingAlgorithm, tbsCertListDer)
  const check = await verifySignature({
    subjectPublicKeyInfo: issuer.subjectPublicKeyInfo,
    signatureAlgorithm: parseAlgorithmIdentifier(fields.signatureAlgorithm),
    message: tbsCertListDer,
    signature,
  })
  if (check !== 'valid') throw new Error('the key returned an invalid signature')
  const der = encodeCertificateList(tbsCertListDer, fields.signatureAlgorithm, signature)
  return { der, entries, keptSince: since }
}

interface PublishedObject {
  readonly at: ObjectLocation
  readonly der: Uint8Array
}

async function put(
  { objects }: Services,
  { authority, signal }: DueCrl,
  { at, der, ...options }: Omit<PutOptions, 'contentType' | 'accountId'> & PublishedObject,
) {
  signal.throwIfAborted()
  return objects.put(at, der, {
    ...options,
    contentType: 'application/pkix-crl',
    accountId: authority.accountId,
    signal: AbortSignal.any([signal, AbortSignal.timeout(putMilliseconds)]),
  })
}

type RecordedPublication = Parameters<typeof finishPublication>[1] & {
  /** SHA-256 of the CRL. */
  readonly digest: Uint8Array
}

async function record(
  { db, clock, events, metrics, log }: Services,
  { authority, crl, lease }: DueCrl,
  { digest, ...publication }: RecordedPublication,
): Promise<void> {
  const now = clock.now()
  const event = events.prepare({
    type: 'ACM Private CA CRL Generation',
    authority,
    time: now,
    resources: [certificateAuthorityArn(authority)],
    detail: { result: 'success' },
  })
  try {
    const row = { table: 'crls', key: [crl.name], sha256: digest }
    const published = changing(row, finishPublication(crl.id, publication, { ...lease, now }))
    const actor = { principal: 'job:publish-crls' }
    const context = { kind: 'crl', time: now, actor, authority: authority.number } as const
    await db.transaction([...recorded([published], context), ...event.statements])
  } catch (error) {
    // Another process holds the lease, and the current publication may have overwritten its newer CRL.
    if (error instanceof ConflictError) await db.transaction([republishCrl(crl.id, now)])
    throw error
  }
  const { size, entries } = publication
  log.info(
    { job: 'publish-crls', authority: authority.id, crl: crl.name, size, entries },
    'CRL published',
  )
  event.publish()
  metrics.crlGenerated()
}

/** Classifies a failed publication: AWS's reason for the event, and whether the bucket rejected the object. */
export function crlFailure(error: unknown) {
  if (error instanceof BucketError) return { reason: crlFailures.refused, refused: true }
  const reason = error instanceof CrlGenerationError ? crlFailures.unsigned : crlFailures.unwritten
  return { reason, refused: false }
}
