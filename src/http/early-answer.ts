/** Answers that are sent before the whole request has arrived. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createPieceCounter } from './body/read-body.ts'

/** Limits on the rest of a body that is read and dropped. */
const drainedBytesMax = 8 * 1024 * 1024
const drainMilliseconds = 2000

/** Header sent with status 503: seconds after which a client may try again. */
export const retryAfter = { 'retry-after': '1' } as const

export interface EarlyAnswer {
  /** HTTP status. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Sends an answer and closes the connection. Unless `isCut`, the rest of the request is read and dropped for a short time
 * first: closing immediately would reset the connection, and a client that reads only after it has sent everything would
 * never see the answer. `isCut` closes immediately, for a client that must not send any more.
 */
export function answerEarly(
  { request, response }: Exchange,
  { status, headers, body }: EarlyAnswer,
  { isCut }: { readonly isCut: boolean },
): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...headers, 'content-length': length, connection: 'close' })
  if (isCut) {
    response.end(body)
    request.destroy()
  } else if (request.complete || request.destroyed) response.end(body)
  else {
    response.write(body)
    drain(request, () => response.end())
  }
}

/** Reads and drops the rest of a request. Calls `done` at its end, or when it was enough. */
function drain(request: IncomingMessage, done: () => void): void {
  let left = drainedBytesMax
  const end = (): void => {
    clearTimeout(timer)
    request.off('data', drop).off('end', end).off('close', end)
    done()
  }
  const pieces = createPieceCounter()
  const drop = (chunk: Buffer): void => {
    left -= chunk.length
    if (left < 0) end()
    else if (!pieces(chunk)) request.destroy()
  }
  const timer = setTimeout(end, drainMilliseconds).unref()
  request.on('data', drop).on('end', end).on('close', end).resume()
}
