/** Answers OCSP requests (RFC 6960, RFC 5019, RFC 9654): finds the CA, signs with its key, and keeps responses. */
import type { Authority } from '../authority/authority.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import { issuerWith } from '../issuance/issuer-cache.ts'
import { recordedSerialNumber } from '../x509/serial-number-text.ts'
import { certificateStatus, type CertificateStatus } from './certificate-status.ts'
import { ocspLife, ocspResponseData } from './response.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { findIssuedStatus } from '../store/revocations.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { DerError } from '../x509/der/error.ts'
import { keyIdentifier } from '../x509/subject-public-key-info.ts'
import { parseOcspRequest, type CertId, type OcspRequest } from '../x509/ocsp/request.ts'
import {
  encodeOcspError,
  encodeOcspResponse,
  type ocspErrors,
} from '../x509/ocsp/encode-response.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import { createOcspIssuers } from './issuers.ts'

/** An OCSPResponse, and for how long it may be kept. */
export interface OcspAnswer {
  readonly der: Uint8Array
  /** Undefined if it may not be kept at all. */
  readonly life: OcspLife | undefined
}

export interface OcspLife {
  readonly producedAt: Date
  readonly nextUpdate: Date
  /** When a new answer is made. */
  readonly freshUntil: Date
}

export interface OcspResponder {
  /** The answer to a request in DER, if it is there already and known to hold. */
  find(requestDer: Buffer): OcspAnswer | undefined
  /** The answer to a request in DER. Rejects only if the record or the key fails. */
  answer(requestDer: Buffer): Promise<OcspAnswer>
}

/** A signed answer, and what it was made from. */
interface CachedAnswer extends OcspAnswer {
  readonly life: OcspLife
  readonly authorityId: string
  readonly statuses: readonly KnownStatus[]
  /** Of the database, when it was last compared with the record. */
  stamp: number | undefined
  /** When the CA expires, which changes nothing in the record. */
  readonly authorityNotAfter: Date
}

type KnownStatus = CertificateStatus & { readonly certId: CertId }

/** A request that was resolved: which CA it is about, as it is now, and what its certificates are. */
interface ResolvedRequest {
  readonly authority: Authority
  readonly statuses: readonly KnownStatus[]
}

/** Some 20 MB with EC keys, 80 MB with ML-DSA. */
const answersMax = 20_000
/** Of a request whose answer is kept: one certificate, as RFC 5019 §2.1.1 has it, takes about a hundred bytes. */
const keptBytesMax = 300
/** More than this at once would only wait for the key, and anyone may ask. */
const signingMax = 256

type ResponderServices = Pick<Services, 'db' | 'keys' | 'clock' | 'metrics' | 'revocationPolicy'>

/**
 * A responder for every CA of the server. An answer is given again until half its life is over, and compared with the
 * record each time after the record has changed, so that a revocation, by whichever process, replaces it at once.
 */
export function createOcspResponder(services: ResponderServices): OcspResponder {
  const { db, clock } = services
  const issuers = createOcspIssuers(db)
  const cache = createBoundedCache<CachedAnswer>(answersMax)
  let signing = 0

  function find(requestDer: Buffer): OcspAnswer | undefined {
    if (db.damage?.() !== undefined) return undefined
    const cached = cache.get(requestDer.toString('latin1'))
    const now = clock.now()
    if (cached?.stamp === undefined || !isFresh(cached, now)) return undefined
    if (isExpiredAt(cached.authorityNotAfter, now)) return undefined
    return cached.stamp === db.changeStamp() ? count(services, cached) : undefined
  }

  async function answer(requestDer: Buffer): Promise<OcspAnswer> {
    // The lost writes may contain a revocation.
    if (db.damage?.() !== undefined) return refuse(services, 'tryLater')
    const key = requestDer.toString('latin1')
    const stamp = db.changeStamp()
    const cached = cache.get(key)
    if (cached !== undefined && (await stillHolds(services, cached))) {
      cached.stamp = stamp
      return count(services, cached)
    }
    const request = readRequest(requestDer)
    if (request === undefined) return refuse(services, 'malformedRequest')
    const resolved = await resolve(services, request, (certId) => issuers.find(certId))
    if (resolved === undefined) return refuse(services, 'unauthorized')
    if (signing >= signingMax) return refuse(services, 'tryLater')
    signing += 1
    try {
      const signed = { ...(await makeAnswer(services, resolved, request.nonce)), stamp }
      count(services, signed)
      if (request.nonce !== undefined) return { der: signed.der, life: undefined }
      if (requestDer.length <= keptBytesMax) cache.set(key, signed)
      return signed
    } finally {
      signing -= 1
    }
  }
  return { find, answer }
}

function count({ metrics }: ResponderServices, answer: CachedAnswer): OcspAnswer {
  for (const { status } of answer.statuses) if (status !== 'unknown') metrics.ocspAnswer(status)
  return answer
}

function refuse({ metrics }: ResponderServices, error: keyof typeof ocspErrors): OcspAnswer {
  metrics.ocspAnswer(error)
  return { der: encodeOcspError(error), life: undefined }
}

function readRequest(der: Uint8Array): OcspRequest | undefined {
  try {
    return parseOcspRequest(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/**
 * Undefined for a request that this server does not answer: for certificates of another CA, of several CAs at once, or whose
 * status is unknown.
 */
async function resolve(
  services: ResponderServices,
  { certIds }: OcspRequest,
  findIssuer: (certId: CertId) => Promise<string | undefined>,
): Promise<ResolvedRequest | undefined> {
  const authorityIds = new Set(await Promise.all(certIds.map(findIssuer)))
  const [authorityId] = authorityIds
  if (authorityId === undefined || authorityIds.size !== 1) return undefined
  const authority = await findAuthority(services.db, authorityId)
  if (authority === undefined) return undefined
  const statuses = await Promise.all(
    certIds.map((certId) => findStatus(services, authority, certId)),
  )
  return statuses.some(({ status }) => status === 'unknown') ? undefined : { authority, statuses }
}

async function findStatus(
  { db, clock }: ResponderServices,
  authority: Authority,
  certId: CertId,
): Promise<KnownStatus> {
  const serialNumber = recordedSerialNumber(certId.serialNumber)
  const issued = serialNumber && (await findIssuedStatus(db, authority.number, serialNumber))
  return { certId, ...certificateStatus(authority, issued, clock.now()) }
}

async function makeAnswer(
  { db, keys, clock, revocationPolicy }: ResponderServices,
  { authority, statuses }: ResolvedRequest,
  nonce: OcspRequest['nonce'],
): Promise<Omit<CachedAnswer, 'stamp'>> {
  const issuer = issuerWith(db, authority)
  const now = clock.now()
  const validitySeconds = revocationPolicy.ocspValiditySeconds
  const responseData = ocspResponseData({
    responderKeyHash: keyIdentifier(issuer.subjectPublicKeyInfo),
    now,
    validitySeconds,
    statuses: statuses.map(({ certId, revocation }) => ({ certId: certId.der, revocation })),
    nonce,
  })
  const { SigningAlgorithm } = authority.configuration
  const signature = await keys.sign(issuer.keyHandle, SigningAlgorithm, responseData)
  const algorithm = signatureAlgorithmIdentifier(SigningAlgorithm)
  return {
    der: encodeOcspResponse(responseData, algorithm, signature),
    life: { producedAt: now, ...ocspLife({ now, validitySeconds }) },
    authorityId: authority.id,
    authorityNotAfter: issuer.notAfter,
    statuses,
  }
}

/** A clock that has been set back makes an answer one of the future, which nobody would accept. */
function isFresh({ life }: Pick<CachedAnswer, 'life'>, now: Date): boolean {
  return now < life.freshUntil && now >= life.producedAt
}

/** Whether a kept answer is fresh, and still says what the record says. */
async function stillHolds(
  services: ResponderServices,
  { life, authorityId, statuses }: CachedAnswer,
): Promise<boolean> {
  if (!isFresh({ life }, services.clock.now())) return false
  const authority = await findAuthority(services.db, authorityId)
  if (authority === undefined) return false
  for (const { certId, status } of statuses)
    if ((await findStatus(services, authority, certId)).status !== status) return false
  return true
}
