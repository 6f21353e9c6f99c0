/** Selects the response to an OCSP request: a stored response, or a newly signed response. */
import { createBoundedCache } from '../bounded-cache.ts'
import { isUnavailable } from '../http/answer.ts'
import type { OcspRequest } from '../x509/ocsp/request.ts'
import type { ResolvedRequest } from './resolve-request.ts'
import type { ResponseWriter } from './response-writer.ts'
import { signResponse, type SignedResponse, type SigningServices } from './sign-response.ts'
import { currentResponse, findStoredResponse, rowOf } from './stored-responses.ts'

export interface MakingServices extends SigningServices {
  readonly ocspResponses: Pick<ResponseWriter, 'add'>
}

/**
 * Returns a response to an OCSP request. `stored` is the stored response if it is still correct. The result is undefined if too
 * many signatures are waiting for keys. Throws ServiceError if the key is unavailable and no valid response is stored.
 */
export type ResponseMaker = (
  request: OcspRequest,
  resolved: ResolvedRequest,
  stored: SignedResponse | undefined,
) => Promise<SignedResponse | undefined>

/**
 * Maximum number of concurrent signatures. Because anyone can send requests, the number of signatures that wait for keys must be
 * limited.
 */
const signingMax = 256
/** Time after a failed signature during which a CA's valid stored responses are not renewed. */
const retryMilliseconds = 10_000
const authoritiesMax = 1000

export function createResponseMaker(services: MakingServices): ResponseMaker {
  const { clock } = services
  /** Times of failed signatures, by CA. */
  const failures = createBoundedCache<Date>(authoritiesMax)
  let signing = 0

  async function sign(request: OcspRequest, resolved: ResolvedRequest): Promise<SignedResponse> {
    signing += 1
    try {
      const signed = await signResponse(services, resolved, request.nonce)
      const row = request.nonce === undefined ? rowOf(signed, resolved) : undefined
      if (row !== undefined) services.ocspResponses.add(row)
      return signed
    } finally {
      signing -= 1
    }
  }

  return async (request, resolved, stored) => {
    const now = clock.now()
    if (stored !== undefined && isFresh(stored, now)) return stored
    const { id } = resolved.authority
    const isBusy = signing >= signingMax
    if (stored !== undefined && (isBusy || hasJustFailed(failures.get(id), now)))
      return retriedSoon(stored, now)
    if (isBusy) return undefined
    try {
      return await sign(request, resolved)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      failures.set(id, now)
      // A client that requests a nonce can also use a response without a nonce (RFC 9654 §2.1).
      const last =
        stored ?? currentResponse(await findStoredResponse(services, request.certIds), resolved)
      if (last === undefined) throw error
      return retriedSoon(last, clock.now())
    }
  }
}

/**
 * Returns whether a response is fresh. If the clock was set back, a response's thisUpdate may be in the future, and clients
 * would reject the response.
 */
export function isFresh({ life }: SignedResponse, now: Date): boolean {
  return now < life.freshUntil && now >= life.producedAt
}

function hasJustFailed(failedAt: Date | undefined, now: Date): boolean {
  if (failedAt === undefined) return false
  const age = now.getTime() - failedAt.getTime()
  return age >= 0 && age < retryMilliseconds
}

/**
 * Returns a response that is valid but no longer fresh. The response is cached until the next attempt to sign a new response.
 */
function retriedSoon({ der, life }: SignedResponse, now: Date): SignedResponse {
  const retryAt = new Date(now.getTime() + retryMilliseconds)
  const freshUntil = retryAt < life.nextUpdate ? retryAt : life.nextUpdate
  return { der, life: { ...life, freshUntil } }
}
