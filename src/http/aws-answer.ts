/** Answers in the form of AWS: those of the API, and refusals of requests that no route sees. */
import { renderError } from '../wire/errors.ts'
import type { TextAnswer } from './answer.ts'
import { jsonMediaType } from './body/parse-members.ts'
import type { Protocol } from './protocol.ts'

export interface AwsAnswer {
  /** HTTP status. */
  readonly status: number
  /** For the header `x-amzn-ErrorType`; undefined if the call succeeded. */
  readonly errorCode: string | undefined
  readonly mediaType: string
  /** JSON or XML text, or empty. */
  readonly body: string
}

/** The refusal of a request, in the form of its protocol. */
export function refusal(
  { refuse, mediaType }: Pick<Protocol, 'refuse' | 'mediaType'>,
  error: unknown,
  requestId: string,
): AwsAnswer {
  const { status, code, body } = refuse(error, requestId)
  return { status, errorCode: code, mediaType, body }
}

/** An answer with the headers of AWS. */
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

/** An error in JSON; InternalFailure, without details, for an unexpected one. */
export function errorAnswer(error: unknown, requestId: string): TextAnswer {
  const protocol = { refuse: renderError, mediaType: jsonMediaType }
  return withAwsHeaders(refusal(protocol, error, requestId), requestId)
}
