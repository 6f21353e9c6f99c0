/** Answers of every route. */
import type { Readable } from 'node:stream'
import { ServiceError } from '../errors.ts'

export interface Answer {
  /** HTTP status. */
  readonly status: number
  /** Without Content-Length where it follows from the body. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Readable | undefined
}

export interface TextAnswer extends Answer {
  readonly body: string
}

/** An answer of one line of text. */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): TextAnswer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: `${text}\n`,
  }
}

export const notFound: Answer = textAnswer(404, 'Not found')

/** The answer to a method that a resource does not have. */
export function methodNotAllowed(allow: string): Answer {
  return textAnswer(405, 'Method not allowed', { allow })
}

/** The answer of the public listener to an unexpected error, without details: anyone may read it. */
export function publicFailure(error: unknown): TextAnswer {
  return isUnavailable(error)
    ? textAnswer(503, 'Service unavailable')
    : textAnswer(500, 'Internal error')
}

/** Whether an error means that the server cannot serve now, and may later. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'ServiceUnavailable'
}

/** An HTTP date (RFC 9110 §5.6.7). */
export function httpDate(date: Date): string {
  return date.toUTCString()
}
