/** The HTTP response that a route handler returns. */
import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import { ServiceError } from '../errors.ts'

export interface Answer {
  readonly status: number
  /** HTTP headers. A Content-Length header is omitted if its value follows from the body. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Readable | undefined
  /**
   * Values of the Link header. Each value is sent in its own header line, because not all clients split a line into several
   * values.
   */
  readonly links?: readonly string[]
}

export interface TextAnswer extends Answer {
  readonly body: string
}

/** Creates a response whose body is one line of text. */
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

/** Creates the response to a request with an HTTP method that the resource does not support. */
export function methodNotAllowed(allow: string): Answer {
  return textAnswer(405, 'Method not allowed', { allow })
}

const unavailableText = 'The server is temporarily unavailable.'

export const temporarilyUnavailable: TextAnswer = textAnswer(503, unavailableText)

/** Response text for an unexpected error. The text contains no details of the error. */
export const failedUnexpectedly =
  'The request failed unexpectedly. The server log contains the reason.'

/**
 * Creates the plain-text response to an unexpected error. The response contains no details, because the client may be
 * unauthenticated.
 */
export function publicFailure(error: unknown): TextAnswer {
  return isUnavailable(error) ? temporarilyUnavailable : textAnswer(500, failedUnexpectedly)
}

/** Creates a problem document of type `about:blank`, whose title is the name of the HTTP status (RFC 9457 §4.2.1). */
export function problemAnswer(status: number, detail: string): TextAnswer {
  const title = STATUS_CODES[status]
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`,
  }
}

/** Creates the problem document for an unexpected error. The document contains no details of the error. */
export function problemFailure(error: unknown): TextAnswer {
  return isUnavailable(error)
    ? problemAnswer(503, unavailableText)
    : problemAnswer(500, failedUnexpectedly)
}

/** Returns whether an error means that the server is temporarily unavailable. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'ServiceUnavailable'
}

/** Formats a date for an HTTP header (RFC 9110 §5.6.7). */
export function httpDate(date: Date): string {
  return date.toUTCString()
}
