/** Logs completed API requests, counts them in metrics, and writes CloudTrail records for them. */
import type { EndedCall } from '../call-log/call-record.ts'
import { notRecorded } from '../call-log/call-recorder.ts'
import { ServiceError } from '../errors.ts'
import { uuid } from '../random.ts'
import { QueryError } from '../wire/query-errors.ts'
import { protocolErrorAnswer, type AwsAnswer } from './aws-answer.ts'
import { logFailure } from './log-failure.ts'
import type { ApiServices, RequestContext } from './protocol.ts'
import type { RequestHead } from './request.ts'

/** The facts about a completed request that are logged and recorded. */
export interface CallContext extends Omit<RequestContext, 'head' | 'isSecure'> {
  readonly head: Pick<RequestHead, 'headers'>
}

interface CompletedRequest {
  readonly context: CallContext
  readonly answer: AwsAnswer
  readonly output: unknown
  readonly error: unknown
}

/** Completes an API request that failed with an error. */
export function completeWithError(
  api: ApiServices,
  context: CallContext,
  error: unknown,
): Promise<AwsAnswer> {
  const answer = protocolErrorAnswer(context.protocol, error, context.requestId)
  return complete(api, { context, answer, output: undefined, error })
}

/**
 * Logs, counts and records a request, and resolves to its response. If the call must be recorded but recording fails, the
 * function resolves to an error response instead.
 */
export async function complete(api: ApiServices, completed: CompletedRequest): Promise<AwsAnswer> {
  const recorded = recordCall(api, completed)
  if (typeof recorded === 'boolean' ? recorded : await recorded) return logged(api, completed)
  const { context } = completed
  const error = notRecorded()
  const answer = protocolErrorAnswer(context.protocol, error, context.requestId)
  return logged(api, { ...completed, error, answer })
}

/**
 * Counts a request and writes its log line, which contains no body, headers or signature. Server errors (status 500 and above)
 * are logged with all details. If the call cannot be logged, the response stays the same, because the call has already taken
 * effect.
 */
function logged(
  { log, clock, services: { metrics } }: ApiServices,
  { context, answer, error }: CompletedRequest,
): AwsAnswer {
  const { requestId, operation, caller, startedAt } = context
  const { status, errorCode } = answer
  try {
    const milliseconds = clock.now().getTime() - startedAt
    const { arn, accountId, region } = caller ?? {}
    const call = { requestId, operation, status, errorCode, milliseconds }
    const fields = { ...call, caller: arn, account: accountId, region }
    if (status < 500) log.info(fields, 'request')
    else log.error({ ...fields, err: error }, 'request failed')
    metrics.request(operation ?? 'unknown', errorCode ?? 'success', milliseconds)
  } catch (failure) {
    logFailure(log, requestId, failure)
  }
  return answer
}

/**
 * Records an API call and returns whether its response may be sent. The function never throws; after an unexpected error, the
 * call remains unrecorded.
 */
function recordCall(api: ApiServices, completed: CompletedRequest): boolean | Promise<boolean> {
  const { callLog, log } = api
  if (callLog === undefined) return true
  try {
    return callLog.record(describeCall(api, completed))
  } catch (error) {
    logFailure(log, completed.context.requestId, error)
    return !callLog.isRequired
  }
}

function describeCall(
  { services: { random } }: ApiServices,
  { context, answer, output, error }: CompletedRequest,
): EndedCall {
  const { head, requestId, protocol, startedAt, operation, caller, sourceIp, input } = context
  const { errorCode } = answer
  const isExpected = error instanceof ServiceError || error instanceof QueryError
  return {
    requestId,
    eventId: uuid(random),
    eventSource: protocol.eventSource,
    time: new Date(startedAt),
    operation,
    caller,
    sourceIp,
    input,
    userAgent: head.headers.get('user-agent')?.[0],
    output,
    error:
      errorCode === undefined
        ? undefined
        : { code: errorCode, message: isExpected ? error.message : '' },
  }
}
