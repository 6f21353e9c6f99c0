/** The handler for the API route, which serves all API listener requests that match no other route. */
import { ServiceError } from '../errors.ts'
import { answerFailure, answerRequest, answerUnread } from './api-pipeline.ts'
import { withAwsHeaders } from './aws-answer.ts'
import { findRequested } from './aws-json-protocol.ts'
import { apiBytesMax } from './body/limits.ts'
import type { ApiServices } from './protocol.ts'
import type { Handler, RefusedBody } from './route.ts'

export function createApiHandler(api: ApiServices): Handler {
  return {
    body: {
      bytesMax: (head) => apiBytesMax(findRequested(api, head).operation?.bodyBytesMax ?? 0),
      async refuse(refused, head, connection) {
        const error = errorOf(refused)
        const answer = await answerUnread(api, head, { ...connection, error })
        return withAwsHeaders(answer, connection.requestId)
      },
    },
    answer: async (request, connection) =>
      withAwsHeaders(await answerRequest(api, request, connection), connection.requestId),
    fail: (_error, head, requestId) => withAwsHeaders(answerFailure(head, requestId), requestId),
  }
}

function errorOf({ reason, bytesMax }: RefusedBody): ServiceError {
  if (reason === 'too-long')
    return new ServiceError(
      'RequestEntityTooLargeException',
      `The request body must have at most ${bytesMax} bytes.`,
    )
  if (reason === 'no-room')
    return new ServiceError(
      'ServiceUnavailable',
      'The server is receiving too many request bodies. Try again.',
    )
  return new ServiceError(
    'InvalidRequestException',
    'The chunks of the request body are too small.',
  )
}
