/** A protocol that the API listener speaks: AWS JSON 1.1 for AWS Private CA, Query for STS. */
import {
  authenticate,
  type AuthenticationServices,
  type SigningName,
} from '../access/authenticate.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import type { Caller } from '../authority/caller.ts'
import { ServiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Services } from '../services.ts'
import type { IssuerKeys } from '../sts/issuer-keys.ts'
import type { RawRequest } from '../wire/sigv4-request.ts'
import type { ApiOperation } from './json-front.ts'

export interface ApiServices extends AuthenticationServices {
  /** By name: `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** What operations are given. */
  readonly services: Services
  readonly issuerKeys: IssuerKeys
  readonly rateLimiter: RateLimiter
  /** Undefined if calls are not recorded. */
  readonly callLog: { write(record: object): void } | undefined
  readonly log: Log
  /** How long a request may run; 60 seconds unless said otherwise. */
  readonly deadlineMilliseconds?: number
}

/** What became known of a request on its way, for the log. */
export interface Trail {
  operation: string | undefined
  caller: Caller | undefined
  readonly sourceIp: string | undefined
  /** Members of the input, once they are known to be right. */
  input: unknown
}

/** What came of a request. */
export interface Served {
  /** Members of the output; undefined if the operation has none. */
  readonly output: object | undefined
  /** The same as it is sent. */
  readonly body: (requestId: string) => string
}

export interface Front {
  /** As CloudTrail names the service. */
  readonly eventSource: string
  /** Media type of its answers. */
  readonly mediaType: string
  /** Serves a request, and notes on `trail` what became known. */
  serve(api: ApiServices, request: RawRequest, trail: Trail): Promise<Served>
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
  { service, trail }: { readonly service: SigningName; readonly trail: Trail },
): Promise<Caller> {
  const caller = await authenticate(api, request, service)
  trail.caller = caller
  const { accountId, region } = caller
  if (!api.rateLimiter.allows({ accountId, region, operation: trail.operation ?? '' }))
    throw new ServiceError('ThrottlingException', 'Rate exceeded')
  return caller
}
