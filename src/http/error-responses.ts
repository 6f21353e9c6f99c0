/** What is refused before the pipeline sees it, by Fastify or by node:http, in the wire form of AWS. */
import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { ServiceError } from '../errors.ts'
import { ProtocolError, renderError } from '../wire/errors.ts'
import { jsonMediaType } from './body/members.ts'

/**
 * The error to answer for one that Fastify made of a request: RequestEntityTooLargeException for a body beyond
 * `bodyBytesMax`, UnknownOperationException for a Content-Type that is none, InvalidRequestException with Fastify's status for what else is the client's fault. Any other error
 * stays as it is.
 */
export function refusalOf(error: unknown, bodyBytesMax: number): unknown {
  const status = statusOf(error)
  if (status === 413)
    return new ServiceError(
      'RequestEntityTooLargeException',
      `The request body must have at most ${bodyBytesMax} bytes.`,
    )
  if (status === 415) return new ProtocolError('UnknownOperationException', 404, '')
  if (status >= 400 && status < 500)
    return new ProtocolError('InvalidRequestException', status, 'The HTTP request is malformed.')
  return error
}

/** How long a client may take to close a connection that is over. */
const lingerMilliseconds = 1000

/** Answers, on the bare socket, what node:http could not read as a request, and closes it. */
export function rejectConnection(
  error: { code?: string },
  socket: Socket,
  requestId: string,
): void {
  // Without a TLS session there is nothing to answer in.
  const isTlsFailure = /^ERR_(?:TLS|SSL)_/.test(error.code ?? '')
  if (error.code === 'ECONNRESET' || isTlsFailure || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, code, body } = renderError(connectionRefusal(error.code))
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      `Content-Type: ${jsonMediaType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `x-amzn-RequestId: ${requestId}`,
      `x-amzn-ErrorType: ${code}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  // One that never does must not keep it.
  setTimeout(() => socket.destroy(), lingerMilliseconds).unref()
}

function connectionRefusal(code: string | undefined): ServiceError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ServiceError('RequestTimeoutException', 'The request did not arrive in time.')
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge()
  return new ProtocolError('InvalidRequestException', 400, 'The HTTP request is malformed.')
}

/** The error for headers of too many bytes, or of too many lines. */
export function headersTooLarge(): ProtocolError {
  return new ProtocolError(
    'RequestEntityTooLargeException',
    431,
    'The request line and the headers are too large.',
  )
}

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 500
  return typeof error.statusCode === 'number' ? error.statusCode : 500
}
