/** From the raw request to the answer, and to what is written of it, whichever protocol it is in. */
import { ServiceError } from '../errors.ts'
import { uuid } from '../random.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { RawRequest } from '../wire/sigv4-request.ts'
import { notRecorded } from './call-recorder.ts'
import { withDeadline } from './deadline.ts'
import type { ApiServices, Front, Trail } from './front.ts'
import { jsonFront } from './json-front.ts'
import { isQueryRequest, queryFront } from './query-front.ts'
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
interface Arrival {
  readonly requestId: string
  readonly sourceIp: string | undefined
  /** Over TLS. */
  readonly isSecure: boolean
}

/** Answers one request and logs it. Never rejects: whatever is thrown on the way is answered in its wire form. */
export async function answerRequest(
  services: ApiServices,
  request: RawRequest,
  { requestId, sourceIp, isSecure }: Arrival,
): Promise<ApiAnswer> {
  const startedAt = services.clock.now().getTime()
  const front = isQueryRequest(request) ? queryFront : jsonFront
  const { mediaType } = front
  const trail: Trail = {
    operation: undefined,
    caller: undefined,
    sourceIp,
    isSecure,
    input: undefined,
  }
  const ended = { request, requestId, front, trail, startedAt }
  try {
    const { output, body } = await withDeadline(front.serve(services, request, trail), {
      milliseconds: services.deadlineMilliseconds ?? deadlineMillisecondsDefault,
      late: (err) => services.log.error({ requestId, err }, 'request failed after its deadline'),
    })
    const answer = { status: 200, errorCode: undefined, mediaType, body: body(requestId) }
    return await finish(services, { ...ended, answer, output, error: undefined })
  } catch (error) {
    const answer = refusalOf(front, error, requestId)
    return finish(services, { ...ended, answer, output: undefined, error })
  }
}

function refusalOf(front: Front, error: unknown, requestId: string): ApiAnswer {
  const { status, code, body } = front.refuse(error, requestId)
  return { status, errorCode: code, mediaType: front.mediaType, body }
}

/** What a call was, for whoever has to look into it later. */
interface Ended {
  readonly request: RawRequest
  readonly requestId: string
  readonly front: Front
  readonly trail: Trail
  readonly startedAt: number
  readonly answer: ApiAnswer
  readonly output: unknown
  readonly error: unknown
}

/** The answer, or that the call could not be recorded, if it must be. */
async function finish(services: ApiServices, ended: Ended): Promise<ApiAnswer> {
  const recorded = recordCall(services, ended)
  if (typeof recorded === 'boolean' ? recorded : await recorded)
    return logged(services, ended, ended.answer)
  const error = notRecorded()
  return logged(services, { ...ended, error }, refusalOf(ended.front, error, ended.requestId))
}

function logged(
  services: ApiServices,
  { requestId, trail, startedAt, error }: Ended,
  answer: ApiAnswer,
): ApiAnswer {
  const { operation, caller } = trail
  const { status, errorCode } = answer
  const milliseconds = services.clock.now().getTime() - startedAt
  logRequest(services.log, { requestId, operation, caller, status, errorCode, milliseconds }, error)
  services.services.metrics.request(operation ?? 'unknown', errorCode ?? 'success', milliseconds)
  return answer
}

/** Whether the answer may leave. */
function recordCall(services: ApiServices, ended: Ended): boolean | Promise<boolean> {
  if (services.callLog === undefined) return true
  const { request, requestId, front, trail, startedAt, answer, output, error } = ended
  const { errorCode } = answer
  const isMeant = error instanceof ServiceError || error instanceof QueryError
  return services.callLog.record({
    requestId,
    eventId: uuid(services.services.random),
    eventSource: front.eventSource,
    time: new Date(startedAt),
    ...trail,
    userAgent: request.headers.get('user-agent')?.[0],
    output,
    error:
      errorCode === undefined
        ? undefined
        : { code: errorCode, message: isMeant ? error.message : '' },
  })
}
