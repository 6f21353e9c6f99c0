/** Requests to the public listener, and answers. */
import { Readable } from 'node:stream'
import { ServiceError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { BodyBudget } from './body/budget.ts'
import { retryAfter } from './early-answer.ts'

/** What the public listener answers. */
export interface PublicAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | Readable | undefined
}

/** A request to it, read no further than needed. */
export interface PublicRequest {
  readonly method: string
  /** As it was sent: not decoded. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

/** An answer in one line of text. */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): PublicAnswer & { readonly body: Uint8Array } {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: Buffer.from(`${text}\n`),
  }
}

export const notFound: PublicAnswer = textAnswer(404, 'Not found')

/** The answer to a method that a resource does not have. */
export function methodNotAllowed(allow: string): PublicAnswer {
  return textAnswer(405, 'Method not allowed', { allow })
}

/** An HTTP date (RFC 9110 §5.6.7). */
export function httpDate(date: Date): string {
  return date.toUTCString()
}

/** What `answer` resolves to; strangers are told nothing of what failed. */
export async function answerOrFail(
  log: Log,
  requestId: string,
  answer: () => Promise<PublicAnswer>,
): Promise<PublicAnswer> {
  try {
    return await answer()
  } catch (error) {
    log.error({ requestId, err: error }, 'public request failed')
    const isAway = error instanceof ServiceError && error.code === 'ServiceUnavailable'
    return isAway ? textAnswer(503, 'Service unavailable') : textAnswer(500, 'Internal error')
  }
}

/** Bytes that are buffered for a client that reads an object slowly: in the file stream and in its connection. */
const aheadBytesMax = 128 * 1024

/**
 * The same answer, with the buffers of its object taken from the budget until the object is sent. A client that requests an
 * object and does not read it is disconnected when others need the memory.
 */
export function withinBudget(budget: BodyBudget, answer: PublicAnswer): PublicAnswer {
  const { body, headers } = answer
  if (!(body instanceof Readable)) return answer
  const lease = budget.open(() => {
    body.destroy()
  })
  body.once('close', () => lease.release())
  if (lease.grow(Math.min(aheadBytesMax, Number(headers['content-length'] ?? aheadBytesMax))))
    return answer
  body.destroy()
  return textAnswer(503, 'Service unavailable', retryAfter)
}
