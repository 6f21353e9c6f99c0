/**
 * The pipeline for API requests in both protocols. The pipeline identifies the operation, authenticates the caller, decodes the
 * input and runs the operation.
 */
import type { ServiceError } from '../errors.ts'
import { authenticateCaller, requireRate } from './authentication.ts'
import { protocolErrorAnswer, type AwsAnswer } from './aws-answer.ts'
import { awsJsonProtocol } from './aws-json-protocol.ts'
import { awsQueryProtocol, isQueryRequest } from './aws-query-protocol.ts'
import { complete, completeWithError } from './record-request.ts'
import { deadlineOf } from './deadline.ts'
import type { ApiServices, Protocol, RequestContext } from './protocol.ts'
import type { HttpRequest, RequestHead } from './request.ts'
import type { ConnectionInfo } from './route.ts'

/** Processes and logs an API request, and returns the response. Error responses are in the format of the request's protocol. */
export async function answerRequest(
  api: ApiServices,
  request: HttpRequest,
  connection: ConnectionInfo,
): Promise<AwsAnswer> {
  let context = receive(api, request, connection)
  const { protocol, requestId } = context
  const deadline = deadlineOf(api, requestId)
  try {
    const operation = protocol.identify(api, request)
    context = { ...context, operation: operation.name }
    const { signingName } = operation
    if (signingName !== undefined) {
      const { sourceIp } = connection
      const claimed = { service: signingName, sourceIp }
      const caller = await deadline.within(authenticateCaller(api, request, claimed))
      context = { ...context, caller }
      await deadline.within(requireRate(api, caller, operation.name))
      api.callLog?.requireWritable()
    }
    const call = operation.decode()
    context = { ...context, input: call.input }
    const { output, body } = await deadline.within(call.run(api, context))
    const answer = { status: 200, errorCode: undefined, mediaType: protocol.mediaType, body }
    return await complete(api, { context, answer, output, error: undefined })
  } catch (error) {
    return completeWithError(api, context, error)
  } finally {
    deadline.clear()
  }
}

/**
 * Returns an error response to an API request whose body was not read. The request is logged, counted and recorded like any
 * other call.
 */
export function answerUnread(
  api: ApiServices,
  head: RequestHead,
  { error, ...connection }: ConnectionInfo & { readonly error: ServiceError },
): Promise<AwsAnswer> {
  return completeWithError(api, receive(api, head, connection), error)
}

/** Creates the response to an API request after an unexpected error. */
export function answerFailure(head: RequestHead, requestId: string): AwsAnswer {
  return protocolErrorAnswer(protocolOf(head), undefined, requestId)
}

function receive(
  { clock }: ApiServices,
  head: RequestHead,
  connection: ConnectionInfo,
): RequestContext {
  return {
    ...connection,
    head,
    protocol: protocolOf(head),
    startedAt: clock.now().getTime(),
    operation: undefined,
    caller: undefined,
    input: undefined,
  }
}

function protocolOf(head: RequestHead): Protocol {
  return isQueryRequest(head) ? awsQueryProtocol : awsJsonProtocol
}
