/** Types for the API protocols (AWS JSON 1.1 for AWS Private CA, AWS Query for STS) and the request context. */
import type { AuthenticationServices, SigningName } from '../access/authenticate.ts'
import type { FailureLimiter } from '../access/failure-limiter.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import type { RestoreGate } from '../approval/restore-gate.ts'
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
  /** Finds an operation by name, for example `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** Services that operations use. */
  readonly services: Services
  readonly issuerKeys: IssuerKeys
  readonly rateLimiter: RateLimiter
  /** Refuses operations on a restored server that waits for an approval. */
  readonly restoreGate: RestoreGate
  /** The recorder of calls; undefined if calls are not recorded. */
  readonly callLog: CallRecorder | undefined
  readonly log: Log
  /** Deadline for a request; 60 seconds by default. */
  readonly deadlineMilliseconds?: number
}

/** An AWS Private CA operation, as used by the protocol. */
export interface ApiOperation {
  /** IAM action, for example `acm-pca:IssueCertificate`. */
  readonly action: string
  /** Whether the operation is supported. An unsupported operation gets the same response as an unknown one. */
  readonly offered: boolean
  /** Whether the operation authorizes the content of a certificate with ScopedCaller.authorizeContent. */
  readonly issuesCertificate?: boolean
  /** Maximum length of the JSON input in bytes. */
  readonly bodyBytesMax: number
  /** Decodes members according to the operation's shape. Throws SerializationException or ValidationException. */
  accept(members: Members): ApiCall
  /** Decodes the members of a presigned URL, which are all strings. */
  acceptQuery(members: QueryMembers): ApiCall
}

/** A call with decoded input. */
export interface ApiCall {
  /** Input, decoded according to the operation's shape. */
  readonly input: object
  /** ARN of the CA that the call refers to; undefined if it refers to the whole account. */
  readonly resourceArn: string | undefined
  /** IAM actions that the call requires in addition to the operation's own. */
  readonly furtherActions: readonly string[]
  /** Returns the condition keys that are specific to the operation, by lower-case name. */
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /** Runs the call. Resolves to the output as JSON members, or undefined if the operation has no output. */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

/** The facts known about a request so far. Each step of the pipeline returns a new context. */
export interface RequestContext extends ConnectionInfo {
  readonly head: RequestHead
  readonly protocol: Protocol
  /** Start of the request, in milliseconds since 1970. */
  readonly startedAt: number
  readonly operation: string | undefined
  readonly caller: Caller | undefined
  /** The input, decoded according to its shape, without unknown members. */
  readonly input: unknown
}

interface OperationResult {
  /** Members of the output; undefined if the operation has none. */
  readonly output: object | undefined
  /** The serialized output. */
  readonly body: string
}

export interface Protocol {
  /** The service's `eventSource` in CloudTrail records. */
  readonly eventSource: string
  /** Media type of responses. */
  readonly mediaType: string
  /** Finds the operation that a request calls. Throws if the operation is unknown or the request is malformed. */
  identify(api: ApiServices, request: HttpRequest): RequestedOperation
  /** Serializes an error. */
  serializeError(
    error: unknown,
    requestId: string,
  ): { readonly status: number; readonly code: string; readonly body: string }
}

export interface RequestedOperation {
  readonly name: string
  /** The service for which the request must be signed; undefined if a token in the input authenticates the caller. */
  readonly signingName: SigningName | undefined
  /** Decodes the input according to the operation's shape. Throws SerializationException or ValidationException. */
  decode(): DecodedCall
}

export interface DecodedCall {
  readonly input: object
  /** Authorizes the call and runs the operation. */
  run(api: ApiServices, context: RequestContext): Promise<OperationResult>
}
