/** Responses in AWS's format, for API requests and for requests that fail before they reach a route. */
import { renderError } from '../wire/errors.ts'
import type { TextAnswer } from './answer.ts'
import { jsonMediaType } from './body/parse-members.ts'
import type { Protocol } from './protocol.ts'

export interface AwsAnswer {
  /** HTTP status code. */
  readonly status: number
  /** Value of the `x-amzn-ErrorType` header; undefined if the call succeeded. */
  readonly errorCode: string | undefined
  readonly mediaType: string
  /** JSON or XML text; may be empty. */
  readonly body: string
}

/** Creates an error response in the protocol's format. */
export function protocolErrorAnswer(
  { serializeError, mediaType }: Pick<Protocol, 'serializeError' | 'mediaType'>,
  error: unknown,
  requestId: string,
): AwsAnswer {
  const { status, code, body } = serializeError(error, requestId)
  return { status, errorCode: code, mediaType, body }
}

/** Adds the AWS headers to a response. */
export function withAwsHeaders(
  { status, errorCode, mediaType, body }: AwsAnswer,
  requestId: string,
): TextAnswer {
  const headers: Record<string, string> = {
    'x-amzn-RequestId': requestId,
    'content-type': mediaType,
  }
  if (errorCode !== undefined) headers['x-amzn-ErrorType'] = errorCode
  return { status, headers, body }
}

/** Creates the JSON response for an error. An unexpected error becomes InternalFailure without details. */
export function errorAnswer(error: unknown, requestId: string): TextAnswer {
  const protocol = { serializeError: renderError, mediaType: jsonMediaType }
  return withAwsHeaders(protocolErrorAnswer(protocol, error, requestId), requestId)
}
