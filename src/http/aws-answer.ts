/** HTTP responses in AWS's format, for API requests and for requests that fail before they are routed. */
import { renderError } from '../wire/errors.ts'
import type { TextAnswer } from './answer.ts'
import { jsonMediaType } from './body/parse-members.ts'
import type { Protocol } from './protocol.ts'

export interface AwsAnswer {
  readonly status: number
  /** Value of the `x-amzn-ErrorType` header, or undefined if the call succeeded. */
  readonly errorCode: string | undefined
  readonly mediaType: string
  /** JSON or XML text, which may be empty. */
  readonly body: string
}

/** Creates an error response in the format of the protocol. */
export function protocolErrorAnswer(
  { serializeError, mediaType }: Pick<Protocol, 'serializeError' | 'mediaType'>,
  error: unknown,
  requestId: string,
): AwsAnswer {
  const { status, code, body } = serializeError(error, requestId)
  return { status, errorCode: code, mediaType, body }
}

/** Adds AWS's response headers to a response. */
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

/** Creates the JSON response for an error. The response to an unexpected error is InternalFailure without details. */
export function errorAnswer(error: unknown, requestId: string): TextAnswer {
  const protocol = { serializeError: renderError, mediaType: jsonMediaType }
  return withAwsHeaders(protocolErrorAnswer(protocol, error, requestId), requestId)
}
