/** The handler for the API route, which serves all requests on the API listener that match no other route. */
import { answerFailure, answerRequest, answerUnread } from './api-pipeline.ts'
import { withAwsHeaders } from './aws-answer.ts'
import { findRequested } from './aws-json-protocol.ts'
import { apiBytesMax } from './body/limits.ts'
import type { ApiServices } from './protocol.ts'
import { refusedBodyError } from './refused-body.ts'
import type { Handler } from './route.ts'

export function createApiHandler(api: ApiServices): Handler {
  return {
    body: {
      bytesMax: (head) => apiBytesMax(findRequested(api, head).operation?.bodyBytesMax ?? 0),
      async refuse(refused, head, connection) {
        const error = refusedBodyError(refused)
        const answer = await answerUnread(api, head, { ...connection, error })
        return withAwsHeaders(answer, connection.requestId)
      },
    },
    answer: async (request, connection) =>
      withAwsHeaders(await answerRequest(api, request, connection), connection.requestId),
    fail: (_error, head, requestId) => withAwsHeaders(answerFailure(head, requestId), requestId),
  }
}
