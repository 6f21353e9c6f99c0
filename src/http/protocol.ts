/** A protocol that the API listener speaks: AWS JSON 1.1 for AWS Private CA, Query for STS. */
import {
  authenticate,
  type AuthenticationServices,
  type SigningName,
} from '../access/authenticate.ts'
import type { FailureLimiter } from '../access/failure-limiter.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { Services } from '../services.ts'
import type { IssuerKeys } from '../sts/issuer-keys.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { RawRequest } from '../wire/sigv4/request.ts'
import type { CallRecorder } from '../call-log/call-recorder.ts'
import type { ApiOperation } from './aws-json-protocol.ts'
import { withoutPrefix } from './request-target.ts'

export interface ApiServices extends AuthenticationServices {
  readonly failureLimiter: FailureLimiter
  /** By name: `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** What operations are given. */
  readonly services: Services
  readonly issuerKeys: IssuerKeys
  readonly rateLimiter: RateLimiter
  /** Undefined if calls are not recorded. */
  readonly callLog: CallRecorder | undefined
  readonly log: Log
  /** Path prefix of a reverse proxy, such as `/pki`; empty for none. */
  readonly basePath: string
  /** How long a request may run; 60 seconds unless said otherwise. */
  readonly deadlineMilliseconds?: number
}

/** What became known of a request on its way, for the log. */
export interface RequestContext {
  operation: string | undefined
  caller: Caller | undefined
  readonly sourceIp: string | undefined
  /** Whether it came over TLS. */
  readonly isSecure: boolean
  /** The input as decoded by its shape: unknown members are not included. */
  input: unknown
}

/** What came of a request. */
export interface OperationResult {
  /** Members of the output; undefined if the operation has none. */
  readonly output: object | undefined
  /** The same as it is sent. */
  readonly body: (requestId: string) => string
}

export interface Protocol {
  /** As CloudTrail names the service. */
  readonly eventSource: string
  /** Media type of its answers. */
  readonly mediaType: string
  /** Serves a request, and notes on `trail` what became known. */
  serve(api: ApiServices, request: RawRequest, trail: RequestContext): Promise<OperationResult>
  /** What is answered to whatever was thrown. */
  refuse(
    error: unknown,
    requestId: string,
  ): { readonly status: number; readonly code: string; readonly body: string }
}

/** Who is calling, by the signature; within its request rate for the operation, if that is limited. */
export async function requireCaller(
  api: ApiServices,
  request: RawRequest,
  { service, trail }: { readonly service: SigningName; readonly trail: RequestContext },
): Promise<Caller> {
  const { failureLimiter, rateLimiter } = api
  const isAllowed = (accessKeyId: string): boolean =>
    failureLimiter.isAllowed(trail.sourceIp, accessKeyId)
  const caller = await countFailures(api, trail, () =>
    authenticate(api, request, { service, isAllowed }),
  )
  failureLimiter.recordSuccess(trail.sourceIp, caller.accessKeyId)
  trail.caller = caller
  const { accountId, region } = caller
  const allowed = rateLimiter.allows({ accountId, region, operation: trail.operation ?? '' })
  if (!(typeof allowed === 'boolean' ? allowed : await allowed)) throw throttled()
  api.callLog?.requireWritable()
  return caller
}

/** Codes of who could not prove to be anyone. */
const failures: ReadonlySet<string> = new Set([
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'InvalidIdentityToken',
])

/** Counts a failure to its source, and answers ThrottlingException in its place where there were too many. */
export async function countFailures<T>(
  { failureLimiter }: Pick<ApiServices, 'failureLimiter'>,
  { sourceIp }: Pick<RequestContext, 'sourceIp'>,
  prove: () => Promise<T>,
): Promise<T> {
  try {
    return await prove()
  } catch (error) {
    const code = error instanceof ServiceError || error instanceof QueryError ? error.code : ''
    if (failures.has(code) && !failureLimiter.recordFailure(sourceIp)) throw throttled()
    throw error
  }
}

/** Whether a path is that of the API: `/`, with or without the prefix of a reverse proxy. */
export function isRoot(path: string, basePath: string): boolean {
  return path === '/' || (basePath !== '' && withoutPrefix(path, basePath) === '/')
}

/** What is answered to too many requests. */
export function throttled(): ServiceError {
  return new ServiceError('ThrottlingException', 'Rate exceeded')
}
