/** Answers that are given before all of a request has arrived. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createPieceCounter } from './request-body.ts'

/** How much more of the body is read and dropped, and for how long. */
const drainedBytesMax = 8 * 1024 * 1024
const drainMilliseconds = 2000

export interface EarlyAnswer {
  /** HTTP status. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends an answer at once and closes the connection a little later. What the client is still sending is read and dropped
 * meanwhile: closing at once would reset the connection, and a client that sends first and reads then would never see the
 * answer.
 */
export function answerEarly(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: EarlyAnswer,
): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...headers, 'content-length': length, connection: 'close' })
  if (request.complete || request.destroyed) {
    response.end(body)
    return
  }
  response.write(body)
  let left = drainedBytesMax
  const end = (): void => {
    clearTimeout(timer)
    request.off('data', drop).off('end', end).off('close', end)
    response.end()
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

/** The same, with the connection cut at once: for a client that must not send any more. */
export function answerAndCut(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: EarlyAnswer,
): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...headers, 'content-length': length, connection: 'close' })
  response.end(body)
  request.destroy()
}
