/**
 * The way of a request of the API from node:http to the pipeline and back. Like OCSP it is taken before the framework sees
 * it, which would be a third of what an answer costs (docs/decisions/0007).
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ServiceError } from '../errors.ts'
import { indexHeaders, splitTarget, type RawRequest } from '../wire/sigv4/request.ts'
import { answerFailure, answerRequest, answerUnread, type ApiAnswer } from './api.ts'
import { bodyBytesMax } from './body/limit.ts'
import type { BodyBudget } from './body/budget.ts'
import { answerEarly, retryAfter } from './early-answer.ts'
import type { ApiServices } from './protocol.ts'
import { failRequest } from './last-resort.ts'
import { readBody } from './body/read-body.ts'

export interface ApiHandlerOptions {
  readonly services: ApiServices
  readonly requestId: () => string
  readonly budget: BodyBudget
  /** Over TLS. */
  readonly isSecure: boolean
}

/** Answers every request that it is given. */
export function createApiHandler(options: ApiHandlerOptions): RequestListener {
  const { services, requestId } = options
  return (request, response) => {
    const id = requestId()
    handle(options, { request, response, id }).catch((error: unknown) => {
      const failure = answerFailure(rawRequestOf(request, new Uint8Array()), id)
      const answer = { headers: answerHeaders({ requestId: id, ...failure }), body: failure.body }
      failRequest(services.log, { requestId: id, error }, { response, answer })
    })
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
}

async function handle(
  { services, budget, isSecure }: ApiHandlerOptions,
  { request, response, id }: Exchange,
): Promise<void> {
  const head = rawRequestOf(request, new Uint8Array())
  const bytesMax = bodyBytesMax(services, head)
  const read = await readBody(request, { bytesMax, budget })
  if (read.kind === 'gone') return
  const arrival = { requestId: id, sourceIp: request.socket.remoteAddress, isSecure }
  if (read.kind !== 'whole') {
    const error = refusalOf(read.kind, bytesMax)
    const answer = await answerUnread(services, head, { ...arrival, error })
    const headers = answerHeaders({ requestId: id, ...answer })
    answerEarly({ request, response }, { ...answer, headers }, { isCut: read.kind === 'scattered' })
    return
  }
  try {
    const answer = await answerRequest(services, { ...head, body: read.bytes }, arrival)
    send(response, { requestId: id, ...answer })
  } finally {
    read.release()
  }
}

function rawRequestOf(request: IncomingMessage, body: Uint8Array): RawRequest {
  const { method = '', url = '', rawHeaders } = request
  return { method, ...splitTarget(url), headers: indexHeaders(rawHeaders), body }
}

function refusalOf(kind: 'too-long' | 'scattered' | 'no-room', bytesMax: number): ServiceError {
  if (kind === 'too-long') return tooLong(bytesMax)
  if (kind === 'no-room') return noRoom()
  return new ServiceError(
    'InvalidRequestException',
    'The chunks of the request body are too small.',
  )
}

/** The error for a body of more bytes than it may have. */
export function tooLong(bytesMax: number): ServiceError {
  return new ServiceError(
    'RequestEntityTooLargeException',
    `The request body must have at most ${bytesMax} bytes.`,
  )
}

function noRoom(): ServiceError {
  return new ServiceError(
    'ServiceUnavailable',
    'The server is receiving too many request bodies at once. Try again.',
  )
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
  const { requestId, status, errorCode, mediaType, body } = answer
  const headers: Record<string, string> = {
    ...(status === 503 && retryAfter),
    'x-amzn-RequestId': requestId,
    'content-type': mediaType,
    'content-length': String(Buffer.byteLength(body)),
  }
  if (errorCode !== undefined) headers['x-amzn-ErrorType'] = errorCode
  return headers
}
