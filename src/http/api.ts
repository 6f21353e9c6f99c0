/** From the raw request to the answer, and to what is written of it, whichever protocol it is in. */
import { ServiceError } from '../errors.ts'
import { uuid } from '../random.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { RawRequest } from '../wire/sigv4/request.ts'
import type { EndedCall } from '../call-log/call-record.ts'
import { notRecorded } from '../call-log/call-recorder.ts'
import { withDeadline } from './deadline.ts'
import type { ApiServices, Protocol, RequestContext } from './protocol.ts'
import { awsJsonProtocol } from './aws-json-protocol.ts'
import { logFailure } from './last-resort.ts'
import { isQueryRequest, awsQueryProtocol } from './aws-query-protocol.ts'
import { logRequest } from './request-log.ts'

export interface ApiAnswer {
  /** HTTP status. */
  readonly status: number
  /** For the header `x-amzn-ErrorType`; undefined if the call succeeded. */
  readonly errorCode: string | undefined
  readonly mediaType: string
  /** JSON or XML text, or empty. */
  readonly body: string
}

const deadlineMillisecondsDefault = 60_000

/** How a request arrived. */
interface ConnectionInfo {
  readonly requestId: string
  readonly sourceIp: string | undefined
  /** Over TLS. */
  readonly isSecure: boolean
}

/** The protocol of a request. */
function frontOf(services: ApiServices, request: RawRequest): Protocol {
  return isQueryRequest(request, services.basePath) ? awsQueryProtocol : awsJsonProtocol
}

/** The answer to a request that failed unexpectedly. */
export function answerFailure(request: RawRequest, requestId: string): ApiAnswer {
  // Without the prefix of a proxy the guess may be wrong, which only affects the format of the error.
  const front = isQueryRequest(request, '') ? awsQueryProtocol : awsJsonProtocol
  const { status, code, body } = front.refuse(undefined, requestId)
  return { status, errorCode: code, mediaType: front.mediaType, body }
}

/** Answers one request and logs it. Never rejects: whatever is thrown on the way is answered in its wire form. */
export async function answerRequest(
  services: ApiServices,
  request: RawRequest,
  arrival: ConnectionInfo,
): Promise<ApiAnswer> {
  const begun = begin(services, request, arrival)
  const { front, trail } = begun
  const { requestId } = arrival
  try {
    const { output, body } = await withDeadline(front.serve(services, request, trail), {
      milliseconds: services.deadlineMilliseconds ?? deadlineMillisecondsDefault,
      late: (err) => services.log.error({ requestId, err }, 'request failed after its deadline'),
    })
    const { mediaType } = front
    const answer = { status: 200, errorCode: undefined, mediaType, body: body(requestId) }
    return await finish(services, { ...begun, answer, output, error: undefined })
  } catch (error) {
    return refuse(services, begun, error)
  }
}

/** Refuses a request whose body was not read, with `error`. Logs, counts and records it as any other call. Never rejects. */
export async function answerUnread(
  services: ApiServices,
  request: RawRequest,
  { error, ...arrival }: ConnectionInfo & { readonly error: ServiceError },
): Promise<ApiAnswer> {
  return refuse(services, begin(services, request, arrival), error)
}

type Begun = Omit<CompletedRequest, 'answer' | 'output' | 'error'>

function begin(
  services: ApiServices,
  request: RawRequest,
  { requestId, sourceIp, isSecure }: ConnectionInfo,
): Begun {
  return {
    request,
    requestId,
    front: frontOf(services, request),
    trail: { operation: undefined, caller: undefined, sourceIp, isSecure, input: undefined },
    startedAt: services.clock.now().getTime(),
  }
}

function refuse(services: ApiServices, begun: Begun, error: unknown): Promise<ApiAnswer> {
  const answer = refusalOf(begun.front, error, begun.requestId)
  return finish(services, { ...begun, answer, output: undefined, error })
}

function refusalOf(front: Protocol, error: unknown, requestId: string): ApiAnswer {
  const { status, code, body } = front.refuse(error, requestId)
  return { status, errorCode: code, mediaType: front.mediaType, body }
}

/** What a call was, for whoever has to look into it later. */
interface CompletedRequest {
  readonly request: RawRequest
  readonly requestId: string
  readonly front: Protocol
  readonly trail: RequestContext
  readonly startedAt: number
  readonly answer: ApiAnswer
  readonly output: unknown
  readonly error: unknown
}

/** The answer, or an error if the call must be recorded and could not be. Never rejects. */
async function finish(services: ApiServices, ended: CompletedRequest): Promise<ApiAnswer> {
  const recorded = recordCall(services, ended)
  if (typeof recorded === 'boolean' ? recorded : await recorded) return logged(services, ended)
  const error = notRecorded()
  const answer = refusalOf(ended.front, error, ended.requestId)
  return logged(services, { ...ended, error, answer })
}

/** Logs and counts a call. It has had its effect, so a failure to log it does not change the answer. */
function logged(services: ApiServices, ended: CompletedRequest): ApiAnswer {
  try {
    note(services, ended)
  } catch (error) {
    logFailure(services.log, ended.requestId, error)
  }
  return ended.answer
}

function note(services: ApiServices, ended: CompletedRequest): void {
  const { requestId, trail, startedAt, answer, error } = ended
  const { operation, caller } = trail
  const { status, errorCode } = answer
  const milliseconds = services.clock.now().getTime() - startedAt
  logRequest(services.log, { requestId, operation, caller, status, errorCode, milliseconds }, error)
  services.services.metrics.request(operation ?? 'unknown', errorCode ?? 'success', milliseconds)
}

/** Returns whether the answer may be sent. Never throws: after an unexpected error the call is treated as not recorded. */
function recordCall(
  { callLog, ...services }: ApiServices,
  ended: CompletedRequest,
): boolean | Promise<boolean> {
  if (callLog === undefined) return true
  try {
    return callLog.record(describeCall(services, ended))
  } catch (error) {
    logFailure(services.log, ended.requestId, error)
    return !callLog.isRequired
  }
}

function describeCall(
  { services }: Pick<ApiServices, 'services'>,
  ended: CompletedRequest,
): EndedCall {
  const { request, requestId, front, trail, startedAt, answer, output, error } = ended
  const { errorCode } = answer
  const isMeant = error instanceof ServiceError || error instanceof QueryError
  return {
    requestId,
    eventId: uuid(services.random),
    eventSource: front.eventSource,
    time: new Date(startedAt),
    ...trail,
    userAgent: request.headers.get('user-agent')?.[0],
    output,
    error:
      errorCode === undefined
        ? undefined
        : { code: errorCode, message: isMeant ? error.message : '' },
  }
}
