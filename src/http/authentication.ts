/** Authenticates requests and applies the limits on authentication failures and request rates (access/). */
import { authenticate, type SigningName } from '../access/authenticate.ts'
import { failureReason, type FailureReason } from '../access/failure-reason.ts'
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import type { ApiServices, RequestContext } from './protocol.ts'
import type { HttpRequest } from './request.ts'

/**
 * Returns the caller that signed a request. Throws the same errors as `authenticate`, and ThrottlingException after too many
 * failed authentications.
 */
export async function authenticateCaller(
  api: ApiServices,
  request: HttpRequest,
  { service, sourceIp }: { readonly service: SigningName } & Pick<RequestContext, 'sourceIp'>,
): Promise<Caller> {
  const { failureLimiter } = api
  const isAllowed = (accessKeyId: string): boolean =>
    failureLimiter.isAllowed(sourceIp, accessKeyId)
  const caller = await countFailures(api, sourceIp, () =>
    authenticate(api, request, { service, isAllowed }),
  )
  failureLimiter.recordSuccess(sourceIp, caller.accessKeyId)
  return caller
}

/** Throws ThrottlingException if the call exceeds the request rate for its operation (access/rate-limiter.ts). */
export async function requireRate(
  { rateLimiter }: Pick<ApiServices, 'rateLimiter'>,
  { accountId, region }: Caller,
  operation: string,
): Promise<void> {
  const allowed = rateLimiter.allows({ accountId, region, operation })
  if (!(typeof allowed === 'boolean' ? allowed : await allowed)) throw throttled()
}

/** Runs a call that is authenticated by a token in its input. */
export async function authenticateByToken<T>(
  api: ApiServices,
  sourceIp: string | undefined,
  run: () => Promise<T>,
): Promise<T> {
  return countFailures(api, sourceIp, () => {
    if (!api.failureLimiter.isAllowed(sourceIp, '')) throw throttled()
    api.callLog?.requireWritable()
    return run()
  })
}

/**
 * Reasons that count toward the failure limit for a source address. An expired token does not count as a failure, because it was
 * once valid. Requests refused by the failure limit itself do not count toward the limit.
 */
const limitedReasons: ReadonlySet<FailureReason | undefined> = new Set([
  'no-signature',
  'malformed-signature',
  'expired-signature',
  'wrong-scope',
  'wrong-signature',
  'unknown-access-key',
  'invalid-identity-token',
])

/**
 * Counts an authentication failure by its reason and by its source address. After too many failures, the function throws
 * ThrottlingException in place of the original error.
 */
async function countFailures<T>(
  { failureLimiter, services: { metrics } }: Pick<ApiServices, 'failureLimiter' | 'services'>,
  sourceIp: string | undefined,
  prove: () => Promise<T>,
): Promise<T> {
  try {
    return await prove()
  } catch (error) {
    const reason = failureReason(error)
    if (reason !== undefined) metrics.authenticationFailure(reason)
    if (limitedReasons.has(reason) && !failureLimiter.recordFailure(sourceIp)) throw throttled()
    throw error
  }
}

function throttled(): ServiceError {
  return new ServiceError('ThrottlingException', 'Rate exceeded')
}
