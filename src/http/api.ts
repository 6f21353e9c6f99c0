/**
 * The API pipeline: from the raw request to the answer, in the order of checks of an AWS JSON 1.1 front end. It holds
 * all the branching and no rule: what an operation means is in operations/, who may call it in access/.
 */
import { authenticate, type AuthenticationServices } from '../access/authenticate.ts'
import { authorize } from '../access/authorize.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import type { Caller } from '../authority/caller.ts'
import { ServiceError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { uuid } from '../random.ts'
import type { Services } from '../services.ts'
import { ProtocolError, renderError } from '../wire/errors.ts'
import type { RawRequest } from '../wire/sigv4-request.ts'
import { callRecord } from './call-record.ts'
import { withDeadline } from './deadline.ts'
import {
  isJsonMediaType,
  isPresigned,
  membersOfBody,
  membersOfQuery,
  isQuery,
  type Members,
  type QueryMembers,
} from './members.ts'
import { logRequest } from './request-log.ts'

/** What the pipeline has to know of an operation. */
export interface ApiOperation {
  /** IAM action: `acm-pca:IssueCertificate`. */
  readonly action: string
  /** Whether it can be run; otherwise it is unknown to callers. */
  readonly offered: boolean
  /** Reads members by the operation's shape. Throws SerializationException or ValidationException. */
  accept(members: Members): ApiCall
  /** Reads the members of a presigned URL, which are all text. */
  acceptQuery(members: QueryMembers): ApiCall
}

/** A call whose input has been read. */
interface ApiCall {
  /** ARN of the CA that it is about; undefined if it is about the account as a whole. */
  readonly resourceArn: string | undefined
  /** IAM actions that it takes beside that of the operation. */
  readonly furtherActions: readonly string[]
  /** Condition keys of its own, by lower-case name. */
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /** Does it. Resolves to the output as JSON members, or undefined if the operation has none. */
  run(services: Services, caller: Caller): Promise<object | undefined>
}

export interface ApiServices extends AuthenticationServices {
  /** By name: `IssueCertificate`. */
  readonly findOperation: (name: string) => ApiOperation | undefined
  /** What operations are given. */
  readonly services: Services
  readonly rateLimiter: RateLimiter
  /** Undefined if calls are not recorded. */
  readonly callLog: { write(record: object): void } | undefined
  readonly log: Log
  /** How long a request may run; 60 seconds unless said otherwise. */
  readonly deadlineMilliseconds?: number
}

export interface ApiAnswer {
  /** HTTP status. */
  readonly status: number
  /** For the header `x-amzn-ErrorType`; undefined if the call succeeded. */
  readonly errorCode: ErrorCode | undefined
  /** JSON text, or empty. */
  readonly body: string
}

const targetPrefix = 'ACMPrivateCA.'
const deadlineMillisecondsDefault = 60_000

/** What became known of a request on its way, for the log. */
interface Trail {
  operation: string | undefined
  caller: Caller | undefined
  readonly sourceIp: string | undefined
  /** Members of the input, once they are known to be right. */
  input: unknown
}

/** Answers one request and logs it. Never rejects: whatever is thrown on the way is answered in its wire form. */
export async function answerRequest(
  services: ApiServices,
  request: RawRequest,
  { requestId, sourceIp }: { readonly requestId: string; readonly sourceIp: string | undefined },
): Promise<ApiAnswer> {
  const startedAt = services.clock.now().getTime()
  const trail: Trail = { operation: undefined, caller: undefined, sourceIp, input: undefined }
  const finish = (answer: ApiAnswer, output: unknown, error?: unknown): ApiAnswer => {
    const { status, errorCode } = answer
    const milliseconds = services.clock.now().getTime() - startedAt
    const { operation, caller } = trail
    logRequest(
      services.log,
      { requestId, operation, caller, status, errorCode, milliseconds },
      error,
    )
    services.services.metrics.request(
      trail.operation ?? 'unknown',
      errorCode ?? 'success',
      milliseconds,
    )
    recordCall(services, { request, requestId, trail, startedAt, answer, output, error })
    return answer
  }
  try {
    const output = await withDeadline(serve(services, request, trail), {
      milliseconds: services.deadlineMilliseconds ?? deadlineMillisecondsDefault,
      late: (err) => services.log.error({ requestId, err }, 'request failed after its deadline'),
    })
    const body = output === undefined ? '' : JSON.stringify(output)
    return finish({ status: 200, errorCode: undefined, body }, output)
  } catch (error) {
    const { status, code, body } = renderError(error)
    return finish({ status, errorCode: code, body }, undefined, error)
  }
}

/** What a call was, for whoever has to look into it later. */
interface Ended {
  readonly request: RawRequest
  readonly requestId: string
  readonly trail: Trail
  readonly startedAt: number
  readonly answer: ApiAnswer
  readonly output: unknown
  readonly error: unknown
}

function recordCall(services: ApiServices, ended: Ended): void {
  if (services.callLog === undefined) return
  const { request, requestId, trail, startedAt, answer, output, error } = ended
  const { errorCode } = answer
  const message = error instanceof ServiceError ? error.message : ''
  const record = callRecord({
    requestId,
    eventId: uuid(services.services.random),
    time: new Date(startedAt),
    ...trail,
    userAgent: request.headers.get('user-agent')?.[0],
    output,
    error: errorCode && { code: errorCode, message },
  })
  services.callLog.write(record)
}

async function serve(
  api: ApiServices,
  request: RawRequest,
  trail: Trail,
): Promise<object | undefined> {
  requireRoot(request)
  const name = operationName(request.headers.get('x-amz-target'))
  const found = api.findOperation(name)
  const operation = found?.offered === true ? found : undefined
  const members = readMembers(request, operation !== undefined)
  if (operation === undefined) throw new ServiceError('UnknownOperationException', '')
  trail.operation = name
  const caller = await authenticate(api, request)
  trail.caller = caller
  const { accountId, region } = caller
  if (!api.rateLimiter.allows({ accountId, region, operation: name }))
    throw new ServiceError('ThrottlingException', 'Rate exceeded')
  const call = isQuery(members) ? operation.acceptQuery(members) : operation.accept(members)
  trail.input = isQuery(members) ? Object.fromEntries(members) : members
  await authorize(api.services, caller, {
    actions: [operation.action, ...call.furtherActions],
    resourceArn: call.resourceArn,
    keys: call.conditionKeys(caller),
    sourceIp: trail.sourceIp,
  })
  return call.run(api.services, caller)
}

function requireRoot({ method, path }: RawRequest): void {
  if (method !== 'POST')
    throw new ProtocolError(
      'AccessDeniedException',
      403,
      'Unable to determine service/operation name to be authorized',
    )
  if (path !== '/') throw new ProtocolError('UnknownOperationException', 404, '')
}

/** The operation that X-Amz-Target names; empty if it names none. */
function operationName(values: readonly string[] | undefined): string {
  const [target = ''] = values ?? []
  return values?.length === 1 && target.startsWith(targetPrefix)
    ? target.slice(targetPrefix.length)
    : ''
}

/** An empty body is judged before the content type, and is right only with a presigned URL. */
function readMembers(request: RawRequest, targetKnown: boolean): Members | QueryMembers {
  const { body, headers, query } = request
  const inQuery = body.length === 0 && isPresigned(request)
  if (body.length === 0 && !inQuery)
    throw new ServiceError(targetKnown ? 'SerializationException' : 'UnknownOperationException', '')
  if (!isJsonMediaType(headers.get('content-type')))
    throw new ProtocolError('UnknownOperationException', 404, '')
  return inQuery ? membersOfQuery(query) : membersOfBody(body)
}
