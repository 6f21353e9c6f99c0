/** OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6): the route and its handler. */
import { createHash } from 'node:crypto'
import fresh from 'fresh'
import type { Clock } from '../clock.ts'
import { encodeOcspError } from '../x509/ocsp/encode-response.ts'
import {
  httpDate,
  isUnavailable,
  methodNotAllowed,
  publicFailure,
  textAnswer,
  type Answer,
} from '../http/answer.ts'
import { ocspBytesMax } from '../http/body/limits.ts'
import { conditionsOf, type HttpRequest, type RequestHead } from '../http/request.ts'
import type { Route } from '../http/route.ts'
import { decodeRequest, findEncodedRequest } from './request-path.ts'
import type { OcspAnswer, OcspLife, OcspResponder } from './response.ts'

interface OcspServices {
  readonly responder: OcspResponder
  readonly clock: Clock
}

const refusalStatus = { 'too-long': 413, scattered: 400, 'no-room': 503 } as const

/**
 * Creates the route for OCSP requests. The route parameter is the base64-encoded request, or empty if the request is in the body.
 */
export function createOcspRoute(services: OcspServices): Route {
  return {
    path: findEncodedRequest,
    handler: {
      body: {
        bytesMax: ({ method }) => (method === 'POST' ? ocspBytesMax : 0),
        refuse({ reason }) {
          const status = refusalStatus[reason]
          return textAnswer(status, String(status))
        },
      },
      answer: (request, _connection, encoded) => answer(services, request, encoded),
      fail: (error, head) => answerFailure(services, head, error),
    },
  }
}

/**
 * Returns the response to an OCSP request. The response to a malformed request is an OCSP error with HTTP status 200, as OCSP
 * specifies.
 */
function answer(
  services: OcspServices,
  request: HttpRequest,
  encoded: string,
): Answer | Promise<Answer> {
  const isGet = request.method === 'GET' && encoded !== ''
  if (!isGet && request.method !== 'POST') return methodNotAllowed('GET, POST')
  const der = isGet ? decodeRequest(encoded) : Buffer.from(request.body)
  const { responder } = services
  const ready = responder.find(der)
  return ready === undefined
    ? responder.answer(der).then((made) => answerWith(services, request, made))
    : answerWith(services, request, ready)
}

function answerWith({ clock }: OcspServices, head: RequestHead, answered: OcspAnswer): Answer {
  const { der } = answered
  const headers: Record<string, string> = { 'content-type': 'application/ocsp-response' }
  if (head.method === 'GET') Object.assign(headers, cachingHeaders(answered, clock.now()))
  const { etag } = headers
  return etag === undefined || !fresh(conditionsOf(head.headers), { etag })
    ? { status: 200, headers, body: der }
    : { status: 304, headers, body: undefined }
}

/** Returns a tryLater response after a failed status lookup (RFC 6960 §2.3). */
function answerFailure(services: OcspServices, head: RequestHead, error: unknown): Answer {
  return isUnavailable(error)
    ? answerWith(services, head, { der: encodeOcspError('tryLater'), life: undefined })
    : publicFailure(error)
}

/** Returns caching headers. Caches may keep a response for half of its validity period, as this server does. */
function cachingHeaders({ der, life }: OcspAnswer, now: Date): Record<string, string> {
  if (life === undefined) return { 'cache-control': 'no-store' }
  const seconds = Math.max(0, Math.floor((life.freshUntil.getTime() - now.getTime()) / 1000))
  return {
    ...lifeHeaders(der, life),
    'cache-control': `max-age=${seconds}, public, no-transform, must-revalidate`,
  }
}

/** Caching headers, keyed by response. The headers are kept because a cached response is sent many times. */
const lifeHeadersOf = new WeakMap<Uint8Array, Record<string, string>>()

/** Returns the headers that do not change during a response's validity period. */
function lifeHeaders(der: Uint8Array, life: OcspLife): Record<string, string> {
  const known = lifeHeadersOf.get(der)
  if (known !== undefined) return known
  const headers = {
    'last-modified': httpDate(life.producedAt),
    expires: httpDate(life.nextUpdate),
    etag: `"${createHash('sha1').update(der).digest('hex')}"`,
  }
  lifeHeadersOf.set(der, headers)
  return headers
}
