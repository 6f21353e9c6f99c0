/** Sends HTTP responses. A response may be sent before the whole request has arrived. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Log } from '../telemetry/log.ts'
import { publicFailure, temporarilyUnavailable, type Answer, type TextAnswer } from './answer.ts'
import type { BodyBudget } from './body/budget.ts'
import { drainedBytesMax, drainMilliseconds } from './body/limits.ts'
import { createPieceCounter } from './body/read-body.ts'

/** A request and its response as node:http objects. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * The Retry-After header, which is sent with status 503. The header contains the number of seconds after which the client may
 * try again.
 */
const retryAfter = { 'retry-after': '1' } as const

interface SendServices {
  readonly log: Log
  readonly budget: BodyBudget
}

/** Sends a response. If the body is a stream, its buffer counts toward the budget until the response has been sent. */
export function sendAnswer(response: ServerResponse, answer: Answer, services: SendServices): void {
  const { body } = answer
  if (body instanceof Readable) sendStream(response, { answer, body }, services)
  else {
    writeHead(response, answer)
    // Node.js sends a string body in the same write as the headers; a binary body would need a second write.
    if (body instanceof Uint8Array) response.end(latin1(body), 'latin1')
    else response.end(body)
  }
}

/** Returns the headers of a response, including headers that are derived from its status and body. */
export function headersOf({ status, headers, body }: Answer): Record<string, string> {
  const isMeasured = typeof body === 'string' || body instanceof Uint8Array
  return {
    ...(status === 503 && retryAfter),
    ...headers,
    ...(isMeasured && { 'content-length': String(Buffer.byteLength(body)) }),
  }
}

function writeHead(response: ServerResponse, answer: Answer): void {
  if (answer.links !== undefined) response.setHeader('link', answer.links)
  response.writeHead(answer.status, headersOf(answer))
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Maximum number of bytes buffered by the file stream and the connection for a slow client. */
const aheadBytesMax = 128 * 1024

/**
 * Sends a stream. If the client does not read the stream, the connection is closed as soon as other requests need its memory.
 */
function sendStream(
  response: ServerResponse,
  { answer, body }: { readonly answer: Answer; readonly body: Readable },
  services: SendServices,
): void {
  // The client may have disconnected before the object was opened. A closed connection has already emitted `close`, and does not
  // emit the event again.
  if (response.destroyed) {
    body.destroy()
    return
  }
  const lease = services.budget.open(() => body.destroy())
  const length = Number(answer.headers['content-length'] ?? aheadBytesMax)
  if (!lease.grow(Math.min(aheadBytesMax, length))) {
    lease.release()
    body.destroy()
    sendAnswer(response, temporarilyUnavailable, services)
    return
  }
  body.once('error', (err) => {
    services.log.error({ err }, 'an object could not be read')
    if (response.headersSent || response.destroyed) return
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    response.shouldKeepAlive = false
    sendAnswer(response, publicFailure(err), services)
  })
  body.once('close', () => {
    lease.release()
    if (!body.readableEnded && !response.writableEnded) response.destroy()
  })
  response.once('close', () => body.destroy())
  // The headers are sent with the first bytes of the body, so that the server can still send an error if these bytes cannot be
  // read.
  response.statusCode = answer.status
  for (const [name, value] of Object.entries(headersOf(answer))) response.setHeader(name, value)
  body.pipe(response)
}

/**
 * Sends a response and closes the connection. With `isCut`, the connection is closed immediately, so that the client cannot send
 * more data. Without `isCut`, the server first reads and drops the rest of the request, but only for a short time. Closing
 * immediately would reset the connection. A client that reads only after sending the whole request would never receive the
 * response.
 */
export function sendEarly(
  { request, response }: Exchange,
  answer: TextAnswer,
  { isCut }: { readonly isCut: boolean },
): void {
  response.shouldKeepAlive = false
  writeHead(response, answer)
  if (isCut) {
    response.end(answer.body)
    request.destroy()
  } else if (request.complete || request.destroyed) response.end(answer.body)
  else {
    response.write(answer.body)
    drain(request, () => response.end())
  }
}

/** Reads and drops the rest of a request. The function calls `done` when the request ends or a limit is reached. */
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
