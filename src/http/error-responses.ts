/** Error responses, in the listener's format, to requests that fail before they are routed. */
import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { ServiceError } from '../errors.ts'
import { ProtocolError } from '../wire/errors.ts'
import type { TextAnswer } from './answer.ts'
import { headersOf } from './send-answer.ts'

/** Creates the response to an error in the format of a listener. */
export type ErrorFormat = (error: unknown, requestId: string) => TextAnswer

/** Time within which a client must close its side of the connection after an error response. */
const lingerMilliseconds = 1000

/** Sends an error response for bytes that node:http cannot parse as a request, and closes the socket. */
export function rejectConnection(
  error: { readonly code?: string | undefined },
  socket: Socket,
  answerOf: (error: ServiceError) => TextAnswer,
): void {
  // Without a TLS session, the server cannot send a response.
  const isTlsFailure = /^ERR_(?:TLS|SSL)_/.test(error.code ?? '')
  if (error.code === 'ECONNRESET' || isTlsFailure || !socket.writable) {
    socket.destroy()
    return
  }
  const answer = answerOf(connectionError(error.code))
  const headers = Object.entries({ ...headersOf(answer), connection: 'close' })
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      answer.body,
    ].join('\r\n'),
  )
  // A client that never closes its side of the connection must not keep the connection open.
  setTimeout(() => socket.destroy(), lingerMilliseconds).unref()
}

function connectionError(code: string | undefined): ServiceError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ServiceError('RequestTimeoutException', 'The request did not arrive in time.')
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge()
  return new ProtocolError('InvalidRequestException', 400, 'The HTTP request is malformed.')
}

/** Creates the error for request headers with too many bytes or too many lines. */
export function headersTooLarge(): ProtocolError {
  return new ProtocolError(
    'RequestEntityTooLargeException',
    431,
    'The request line and the headers are too large.',
  )
}
