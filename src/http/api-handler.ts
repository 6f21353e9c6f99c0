/**
 * The way of a request of the API from node:http to the pipeline and back. Like OCSP it is taken before the framework sees
 * it, which would be a third of what an answer costs (docs/decisions/0007).
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ServiceError } from '../errors.ts'
import { renderError } from '../wire/errors.ts'
import { indexHeaders, splitTarget, type RawRequest } from '../wire/sigv4-request.ts'
import { answerRequest, type ApiAnswer } from './api.ts'
import type { ApiServices } from './front.ts'
import { jsonMediaType } from './members.ts'
import { logRequest } from './request-log.ts'

/** Certificate chains of 2 MiB arrive as base64. */
export const apiBodyBytesMax = 4 * 1024 * 1024

export interface ApiHandlerOptions {
  readonly services: ApiServices
  readonly requestId: () => string
  readonly bodyBytesMax: number
  /** Over TLS. */
  readonly isSecure: boolean
}

/** Answers every request that it is given. */
export function createApiHandler(options: ApiHandlerOptions): RequestListener {
  const { services, requestId, bodyBytesMax, isSecure } = options
  return (request, response) => {
    const id = requestId()
    readBody(request, bodyBytesMax, (body) => {
      if (body === undefined) refuseBody(options, response, id)
      else {
        const arrival = { requestId: id, sourceIp: request.socket.remoteAddress, isSecure }
        answerRequest(services, rawRequestOf(request, body), arrival)
          .then((answer) => send(response, { requestId: id, ...answer }))
          .catch((error: unknown) => {
            services.log.error({ requestId: id, err: error }, 'request cannot be answered')
            response.destroy()
          })
      }
    })
  }
}

/** The whole body, or undefined as soon as it is known to be too long. A body that does not end is nobody's. */
function readBody(
  request: IncomingMessage,
  bytesMax: number,
  then: (body: Uint8Array | undefined) => void,
): void {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    then(undefined)
    return
  }
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    const before = size
    size += chunk.length
    if (size <= bytesMax) chunks.push(chunk)
    else if (before <= bytesMax) then(undefined)
  })
  request.on('end', () => {
    if (size > bytesMax) return
    const [first = Buffer.alloc(0)] = chunks
    then(chunks.length <= 1 ? first : Buffer.concat(chunks))
  })
}

function rawRequestOf(request: IncomingMessage, body: Uint8Array): RawRequest {
  const { method = '', url = '', rawHeaders } = request
  return { method, ...splitTarget(url), headers: indexHeaders(rawHeaders), body }
}

function refuseBody(
  { services, bodyBytesMax }: ApiHandlerOptions,
  response: ServerResponse,
  requestId: string,
): void {
  response.setHeader('connection', 'close')
  send(response, { requestId, ...answerTooLong(services, requestId, bodyBytesMax) })
}

/** The answer to a request whose body has more bytes than that, which nobody has read. Logs it. */
export function answerTooLong(
  { log }: Pick<ApiServices, 'log'>,
  requestId: string,
  bodyBytesMax: number,
): ApiAnswer {
  const refusal = new ServiceError(
    'RequestEntityTooLargeException',
    `The request body must have at most ${bodyBytesMax} bytes.`,
  )
  const { status, code, body } = renderError(refusal)
  const unknown = { operation: undefined, caller: undefined, milliseconds: 0 }
  logRequest(log, { requestId, ...unknown, status, errorCode: code }, refusal)
  return { status, errorCode: code, mediaType: jsonMediaType, body }
}

interface Answer extends ApiAnswer {
  readonly requestId: string
}

/** A text goes out in one write with the headers, bytes would not. */
function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answerHeaders(answer)).end(answer.body)
}

/** Headers of an answer of the API. */
export function answerHeaders(answer: Answer): Record<string, string> {
  const { requestId, errorCode, mediaType, body } = answer
  const headers: Record<string, string> = {
    'x-amzn-RequestId': requestId,
    'content-type': mediaType,
    'content-length': String(Buffer.byteLength(body)),
  }
  if (errorCode !== undefined) headers['x-amzn-ErrorType'] = errorCode
  return headers
}
