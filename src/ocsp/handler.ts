/**
 * OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6). Requests are taken before the framework sees them: most of the
 * time of an answer that is ready would be the framework's (docs/decisions/0007).
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import fresh from 'fresh'
import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import { splitTarget } from '../wire/sigv4/request.ts'
import { encodeOcspError } from '../x509/ocsp/response.ts'
import type { BodyBudget } from '../http/body/budget.ts'
import { answerEarly, retryAfter } from '../http/early-answer.ts'
import { failRequest } from '../http/last-resort.ts'
import type { OcspAnswer, OcspLife, OcspResponder } from './responder.ts'
import { base64Form, ocspBelowPath } from './request-path.ts'
import {
  httpDate,
  methodNotAllowed,
  textAnswer,
  type PublicAnswer,
  type PublicRequest,
} from '../http/public-answer.ts'
import { readBody } from '../http/body/read-body.ts'
import { decodePath } from '../http/request-target.ts'

interface OcspServices {
  readonly responder: OcspResponder
  readonly clock: Clock
  readonly log: Log
}

interface HandlerServices extends OcspServices {
  readonly budget: BodyBudget
}

/** Answers a request if it is one for OCSP; false if it is not, and nothing was done. */
export type OcspHandler = (request: IncomingMessage, response: ServerResponse) => boolean

const bodyOctetsMax = 64 * 1024
/** Clients append a slash to the URL in a certificate (RFC 6960 §A.1), even to one that ends with a slash: `//MF…`. */
const placeForm = /^(?:\/|\/ocsp\/?|(?:\/ocsp)?\/{1,2}(M[^.]+))$/

/** For GET and POST; a request that OCSP cannot read is answered as OCSP says, with 200. */
export function createOcspHandler(services: HandlerServices): OcspHandler {
  return (request, response) => {
    const { method, headers } = request
    const { path } = splitTarget(request.url ?? '')
    const encoded = encodedRequest({ method, path, headers })
    if (encoded === undefined) return false
    const exchange = { request, response }
    if (method === 'POST') handled(services, response, answerBody(services, exchange))
    else if (method === 'GET' && encoded !== '')
      handled(services, response, reply(services, { ...exchange, der: decodeRequest(encoded) }))
    else sendText(response, 405, { allow: 'GET, POST' })
    return true
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Handles whatever the work rejects with: nothing else awaits it. */
function handled({ log }: OcspServices, response: ServerResponse, work: Promise<void>): void {
  work.catch((error: unknown) => {
    const { headers, body } = textAnswer(500, '500')
    const answer = { headers, body: Buffer.from(body).toString() }
    failRequest(log, { requestId: '', error }, { response, answer })
  })
}

const refusalStatus = { 'too-long': 413, scattered: 400, 'no-room': 503 } as const

async function answerBody(services: HandlerServices, exchange: Exchange): Promise<void> {
  const { budget } = services
  const read = await readBody(exchange.request, { bytesMax: bodyOctetsMax, budget })
  if (read.kind === 'gone') return
  if (read.kind !== 'whole') {
    const status = refusalStatus[read.kind]
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      ...(status === 503 && retryAfter),
    }
    const isCut = read.kind === 'scattered'
    answerEarly(exchange, { status, headers, body: `${status}\n` }, { isCut })
    return
  }
  try {
    await reply(services, { ...exchange, der: read.bytes })
  } finally {
    read.release()
  }
}

/**
 * The part of a path that is a request in base64: below `/ocsp/`, or below `/` as a custom host name has it. Every
 * request begins with an M (a SEQUENCE of less than 16 MiB), and no bucket does. Empty if the request is in the body;
 * undefined if the path is no place of OCSP.
 */
function ocspPath(path: string): string | undefined {
  const found = placeForm.exec(path)
  return found === null ? undefined : (found[1] ?? '')
}

/** The same for any path below which OcspCustomCname or the public URL may put requests. */
function encodedRequest(head: Parameters<typeof ocspBelowPath>[0]): string | undefined {
  const encoded = ocspPath(head.path)
  // The path before the request may begin like a request, too.
  const isPlain = encoded !== undefined && !encoded.includes('/M')
  return isPlain ? encoded : (ocspBelowPath(head) ?? encoded)
}

/** Empty, which no request is, for a text that is no base64. */
function decodeRequest(encoded: string): Buffer {
  const text = encoded.includes('%') ? decodePath(encoded) : encoded
  return text !== undefined && base64Form.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
}

/** One request, read. */
interface Asked extends Exchange {
  readonly der: Buffer
}

/** Answers and logs whatever fails on the way. */
async function reply(services: OcspServices, asked: Asked): Promise<void> {
  const { request, response, der } = asked
  try {
    const { responder } = services
    const ready = responder.find(der)
    send(response, answerWith(services, request, ready ?? (await responder.answer(der))))
  } catch (error) {
    services.log.error({ err: error }, 'OCSP request failed')
    if (!response.headersSent) send(response, answerFailure(services, request, error))
  }
}

/** An answer of OCSP over HTTP. */
interface HttpAnswer extends PublicAnswer {
  readonly body: Uint8Array | undefined
}

/** What decides how an answer is given, of a request. */
interface Question extends Pick<PublicRequest, 'headers'> {
  readonly method?: string | undefined
}

function answerWith({ clock }: OcspServices, asked: Question, answer: OcspAnswer): HttpAnswer {
  const { der } = answer
  const headers: Record<string, string> = {
    'content-type': 'application/ocsp-response',
    'content-length': String(der.length),
  }
  if (asked.method === 'GET') Object.assign(headers, cachingHeaders(answer, clock.now()))
  const { etag } = headers
  if (etag === undefined || !fresh(asked.headers, { etag }))
    return { status: 200, headers, body: der }
  delete headers['content-length']
  return { status: 304, headers, body: undefined }
}

/** What cannot be looked up now is not known: RFC 6960 §2.3. */
function answerFailure(services: OcspServices, asked: Question, error: unknown): HttpAnswer {
  if (error instanceof ServiceError && error.code === 'ServiceUnavailable')
    return answerWith(services, asked, { der: encodeOcspError('tryLater'), life: undefined })
  return textAnswer(500, '500')
}

/** A text goes out in one write with the headers, bytes would not. */
function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, headers)
  if (body === undefined) response.end()
  else response.end(textOf(body), 'latin1')
}

/** The answer to a request that came whole, and by no listener; undefined if it is none for OCSP. */
export async function answerOcsp(
  services: OcspServices,
  { method, path, headers, body }: PublicRequest,
): Promise<PublicAnswer | undefined> {
  const encoded = encodedRequest({ method, path, headers })
  if (encoded === undefined) return undefined
  const isGet = method === 'GET' && encoded !== ''
  if (!isGet && method !== 'POST') return methodNotAllowed('GET, POST')
  if (body.length > bodyOctetsMax) return textAnswer(413, 'Request too long')
  const der = isGet ? decodeRequest(encoded) : Buffer.from(body)
  try {
    const answer = services.responder.find(der) ?? (await services.responder.answer(der))
    return answerWith(services, { method, headers }, answer)
  } catch (error) {
    services.log.error({ err: error }, 'OCSP request failed')
    return answerFailure(services, { method, headers }, error)
  }
}

/** Of answers that are given again and again. */
const texts = new WeakMap<Uint8Array, string>()

function textOf(der: Uint8Array): string {
  const known = texts.get(der)
  if (known !== undefined) return known
  const text = Buffer.from(der).toString('latin1')
  texts.set(der, text)
  return text
}

/** Caches keep an answer as long as this server does: until half its life is over. */
function cachingHeaders({ der, life }: OcspAnswer, now: Date): Record<string, string> {
  if (life === undefined) return { 'cache-control': 'no-store' }
  const seconds = Math.max(0, Math.floor((life.freshUntil.getTime() - now.getTime()) / 1000))
  return {
    ...lifeHeaders(der, life),
    'cache-control': `max-age=${seconds}, public, no-transform, must-revalidate`,
  }
}

const livesHeaders = new WeakMap<Uint8Array, Record<string, string>>()

/** What stays the same as long as the answer does. */
function lifeHeaders(der: Uint8Array, life: OcspLife): Record<string, string> {
  const known = livesHeaders.get(der)
  if (known !== undefined) return known
  const headers = {
    'last-modified': httpDate(life.producedAt),
    expires: httpDate(life.nextUpdate),
    etag: `"${createHash('sha1').update(der).digest('hex')}"`,
  }
  livesHeaders.set(der, headers)
  return headers
}

function sendText(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
  response.end(`${status}\n`)
}
