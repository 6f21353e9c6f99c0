/** The protocols of the API listener, AWS JSON 1.1 for AWS Private CA and Query for STS, and the context of a request. */
import type { AuthenticationServices, SigningName } from '../access/authenticate.ts'
import type { FailureLimiter } from '../access/failure-limiter.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import type { CallRecorder } from '../call-log/call-recorder.ts'
import type { Caller } from '../identity/caller.ts'
import type { ScopedCaller } from '../operations/shared/operation.ts'
import type { Services } from '../services.ts'
import type { IssuerKeys } from '../sts/issuer-keys.ts'
import type { Log } from '../telemetry/log.ts'
import type { Members, QueryMembers } from './body/parse-members.ts'
import type { HttpRequest, RequestHead } from './request.ts'
import type { ConnectionInfo } from './route.ts'

export interface ApiServices extends AuthenticationServices {
  readonly failureLimiter: FailureLimiter
  /** By name: `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** The services of operations. */
  readonly services: Services
  readonly issuerKeys: IssuerKeys
  readonly rateLimiter: RateLimiter
  /** Undefined if calls are not recorded. */
  readonly callLog: CallRecorder | undefined
  readonly log: Log
  /** How long a request may run; 60 seconds by default. */
  readonly deadlineMilliseconds?: number
}

/** An operation of AWS Private CA, as its protocol needs it. */
export interface ApiOperation {
  /** IAM action: `acm-pca:IssueCertificate`. */
  readonly action: string
  /** Whether it can be run; otherwise it is unknown to callers. */
  readonly offered: boolean
  /** Bytes that the JSON of its input can have. */
  readonly bodyBytesMax: number
  /** Reads members by the operation's shape. Throws SerializationException or ValidationException. */
  accept(members: Members): ApiCall
  /** Reads the members of a presigned URL, which are all text. */
  acceptQuery(members: QueryMembers): ApiCall
}

/** A call whose input has been read. */
interface ApiCall {
  /** As the shape has read it. */
  readonly input: object
  /** ARN of the CA of the call; undefined if it is about the account as a whole. */
  readonly resourceArn: string | undefined
  /** IAM actions that it takes beside that of the operation. */
  readonly furtherActions: readonly string[]
  /** Condition keys of its own, by lower-case name. */
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /** Runs it. Resolves to the output as JSON members, or undefined if the operation has none. */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

/** The facts about a request that are known so far. Each step of the pipeline returns a new context. */
export interface RequestContext extends ConnectionInfo {
  readonly head: RequestHead
  readonly protocol: Protocol
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly operation: string | undefined
  readonly caller: Caller | undefined
  /** The input as decoded by its shape: unknown members are not included. */
  readonly input: unknown
}

interface OperationResult {
  /** Members of the output; undefined if the operation has none. */
  readonly output: object | undefined
  /** The text of the output. */
  readonly body: string
}

export interface Protocol {
  /** As CloudTrail names the service. */
  readonly eventSource: string
  /** Media type of its answers. */
  readonly mediaType: string
  /** Finds the operation of a request. Throws if there is none, or the request is malformed. */
  identify(api: ApiServices, request: HttpRequest): RequestedOperation
  /** The answer to an error. */
  refuse(
    error: unknown,
    requestId: string,
  ): { readonly status: number; readonly code: string; readonly body: string }
}

export interface RequestedOperation {
  readonly name: string
  /** The service for which the request must be signed; undefined if a token in the input authenticates the caller. */
  readonly signingName: SigningName | undefined
  /** Decodes the input by the operation's shape. Throws SerializationException or ValidationException. */
  decode(): DecodedCall
}

export interface DecodedCall {
  readonly input: object
  /** Authorizes the call and runs the operation. */
  run(api: ApiServices, context: RequestContext): Promise<OperationResult>
}
