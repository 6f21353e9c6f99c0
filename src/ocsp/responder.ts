/** The OCSP responder (RFC 6960, RFC 5019, RFC 9654). Signed responses are cached in memory and stored in the database. */
import { createBoundedCache } from '../bounded-cache.ts'
import { issuerWith } from '../issuance/issuer-cache.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { DerError } from '../x509/der/error.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import { encodeOcspError, type ocspErrors } from '../x509/ocsp/encode-response.ts'
import { parseOcspRequest, type OcspRequest } from '../x509/ocsp/request.ts'
import { createOcspIssuers } from './issuers.ts'
import { createResponseMaker, isFresh, type MakingServices } from './make-response.ts'
import { findStatus, resolveRequest, type KnownStatus } from './resolve-request.ts'
import type { OcspAnswer, OcspResponder } from './response.ts'
import type { SignedResponse } from './sign-response.ts'
import { currentResponse, findStoredResponse } from './stored-responses.ts'

/** A signed OCSP response, and the data on which it is based. */
interface CachedAnswer extends SignedResponse {
  readonly authorityId: string
  /** Number of the CA certificate. */
  readonly certificateNumber: number | undefined
  readonly statuses: readonly KnownStatus[]
  /** Change stamp of the database (Database.changeStamp) at the last check of the response. */
  stamp: number | undefined
  /** Expiry of the CA. The CA's expiry changes the status without a change to the database. */
  readonly authorityNotAfter: Date
}

/** Maximum number of cached responses. The cached responses take about 20 MB with EC keys and 80 MB with ML-DSA. */
const answersMax = 20_000
/**
 * Maximum length of an OCSP request whose response is cached. An OCSP request for one certificate (RFC 5019 §2.1.1) is
 * about a hundred bytes long.
 */
const keptBytesMax = 300
interface ResponderServices extends MakingServices {
  readonly metrics: Pick<Services['metrics'], 'ocspAnswer'>
}

/**
 * Creates a responder for all of the server's CAs. A response is cached for half of its validity period. After each database
 * change, cached responses are compared with the stored status. A revocation by any process therefore takes effect immediately.
 * While a CA's key is unavailable, stored responses are sent until their nextUpdate.
 */
export function createOcspResponder(services: ResponderServices): OcspResponder {
  const { db, clock } = services
  const issuers = createOcspIssuers(db)
  const cache = createBoundedCache<CachedAnswer>(answersMax)
  const make = createResponseMaker(services)

  function find(requestDer: Buffer): OcspAnswer | undefined {
    if (db.damage?.() !== undefined) return undefined
    const cached = cache.get(requestDer.toString('latin1'))
    const now = clock.now()
    if (cached?.stamp === undefined || !isFresh(cached, now)) return undefined
    if (isExpiredAt(cached.authorityNotAfter, now)) return undefined
    return cached.stamp === db.changeStamp() ? count(services, cached) : undefined
  }

  async function answer(requestDer: Buffer): Promise<OcspAnswer> {
    // The database has lost writes, possibly including a revocation.
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
    const { certIds, nonce } = request
    const [resolved, row] = await Promise.all([
      resolveRequest(services, certIds, issuers),
      nonce === undefined ? findStoredResponse(services, certIds) : undefined,
    ])
    if (resolved === undefined) return refuse(services, 'unauthorized')
    const response = await make(request, resolved, currentResponse(row, resolved))
    if (response === undefined) return refuse(services, 'tryLater')
    const { authority, statuses } = resolved
    const { notAfter: authorityNotAfter } = issuerWith(db, authority)
    const made = {
      ...response,
      authorityId: authority.id,
      certificateNumber: authority.certificate?.number,
      authorityNotAfter,
      statuses,
      stamp,
    }
    count(services, made)
    if (nonce !== undefined) return { der: made.der, life: undefined }
    if (requestDer.length <= keptBytesMax) cache.set(key, made)
    return made
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

/** Returns whether a cached response is fresh and still matches the database. */
async function stillHolds(services: ResponderServices, cached: CachedAnswer): Promise<boolean> {
  if (!isFresh(cached, services.clock.now())) return false
  const authority = await findAuthority(services.db, cached.authorityId)
  if (authority === undefined || authority.certificate?.number !== cached.certificateNumber)
    return false
  for (const { certId, status } of cached.statuses)
    if ((await findStatus(services, authority, certId)).status !== status) return false
  return true
}
