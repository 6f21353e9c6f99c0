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
  /** Finds an API operation by its name, for example `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** Services that the API operations use. */
  readonly services: Services
  readonly issuerKeys: IssuerKeys
  readonly rateLimiter: RateLimiter
  /** Refuses API operations while a restored server waits for an approval. */
  readonly restoreGate: RestoreGate
  /** The recorder of API calls, or undefined if API calls are not recorded. */
  readonly callLog: CallRecorder | undefined
  readonly log: Log
  /** Deadline of an API request in milliseconds. The default is 60 seconds. */
  readonly deadlineMilliseconds?: number
}

/** The parts of an AWS Private CA operation that the protocol uses. */
export interface ApiOperation {
  /** IAM action of the operation, for example `acm-pca:IssueCertificate`. */
  readonly action: string
  /** Whether the operation is supported. An unsupported operation gets the same response as an unknown operation. */
  readonly offered: boolean
  /** Whether the operation calls ScopedCaller.authorizeContent to authorize the content of a certificate. */
  readonly issuesCertificate?: boolean
  /** Maximum length of the operation's JSON input, in bytes. */
  readonly bodyBytesMax: number
  /** Decodes members according to the operation's shape. Throws SerializationException or ValidationException. */
  accept(members: Members): ApiCall
  /** Decodes the members from a presigned URL, all of which are strings. */
  acceptQuery(members: QueryMembers): ApiCall
}

/** An API call whose input has been decoded. */
export interface ApiCall {
  /** Input of the call, decoded according to the operation's shape. */
  readonly input: object
  /** ARN of the CA that the call refers to, or undefined if the call refers to the whole account. */
  readonly resourceArn: string | undefined
  /** IAM actions that the call requires in addition to the action of its operation. */
  readonly furtherActions: readonly string[]
  /** Returns the values of the operation's own condition keys, by lower-case name. */
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /** Runs the operation. Resolves to the output as JSON members, or undefined if the operation has no output. */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

/** The facts that are known about a request so far. Each step of the API pipeline returns a new context. */
export interface RequestContext extends ConnectionInfo {
  readonly head: RequestHead
  readonly protocol: Protocol
  /** Time at which the request arrived, in milliseconds since 1970. */
  readonly startedAt: number
  readonly operation: string | undefined
  readonly caller: Caller | undefined
  /** The input of the call, decoded according to the operation's shape, without unknown members. */
  readonly input: unknown
}

interface OperationResult {
  /** Members of the output, or undefined if the operation has no output. */
  readonly output: object | undefined
  /** The output in its serialized form. */
  readonly body: string
}

export interface Protocol {
  /** The `eventSource` of the service in CloudTrail records. */
  readonly eventSource: string
  /** Media type of the responses. */
  readonly mediaType: string
  /** Finds the operation that a request calls. Throws an error if the operation is unknown or the request is malformed. */
  identify(api: ApiServices, request: HttpRequest): RequestedOperation
  /** Serializes an error in the protocol's format. */
  serializeError(
    error: unknown,
    requestId: string,
  ): { readonly status: number; readonly code: string; readonly body: string }
}

export interface RequestedOperation {
  readonly name: string
  /** The service for which the request must be signed, or undefined if the caller authenticates with a token in the input. */
  readonly signingName: SigningName | undefined
  /** Decodes the input according to the operation's shape. Throws SerializationException or ValidationException. */
  decode(): DecodedCall
}

export interface DecodedCall {
  readonly input: object
  /** Authorizes the call and runs the operation. */
  run(api: ApiServices, context: RequestContext): Promise<OperationResult>
}
