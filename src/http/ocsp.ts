/** OCSP over HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6). */
import { createHash } from 'node:crypto'
import fresh from 'fresh'
import type { Clock } from '../clock.ts'
import type { OcspAnswer, OcspResponder } from './ocsp-responder.ts'
import {
  httpDate,
  methodNotAllowed,
  type PublicAnswer,
  type PublicRequest,
} from './public-answer.ts'

interface OcspServices {
  readonly responder: OcspResponder
  readonly clock: Clock
}

const mediaType = 'application/ocsp-response'
const placeForm = /^(?:\/|\/ocsp\/?|(?:\/ocsp)?\/(M.+))$/
const base64Form = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The part of a path that is a request in base64: below `/ocsp/`, or below `/` as a custom host name has it. Every
 * request begins with an M (a SEQUENCE of less than 16 MiB), and no bucket does. Undefined if the path is no place
 * of OCSP.
 */
export function ocspPath(path: string): string | undefined {
  const found = placeForm.exec(path)
  return found === null ? undefined : (found[1] ?? '')
}

/** Answers GET and POST. What is no request is answered as OCSP says, with 200. */
export async function answerOcsp(
  { responder, clock }: OcspServices,
  request: PublicRequest,
  encoded: string,
): Promise<PublicAnswer> {
  if (request.method === 'POST') return ocspAnswer(await responder.answer(request.body))
  if (request.method !== 'GET' || encoded === '') return methodNotAllowed('GET, POST')
  const answer = await responder.answer(decodeRequest(encoded))
  const { headers, ...rest } = ocspAnswer(answer)
  const caching = cachingHeaders(answer, clock.now())
  const all = { ...headers, ...caching }
  const isFresh = fresh(request.headers, { etag: caching['etag'], 'last-modified': undefined })
  return isFresh ? { status: 304, headers: all, body: undefined } : { ...rest, headers: all }
}

/** Empty, which no request is, for a text that is no base64. */
function decodeRequest(encoded: string): Uint8Array {
  try {
    const text = decodeURIComponent(encoded)
    return base64Form.test(text) ? Buffer.from(text, 'base64') : new Uint8Array()
  } catch {
    return new Uint8Array()
  }
}

function ocspAnswer({ der }: OcspAnswer): PublicAnswer {
  return {
    status: 200,
    headers: { 'content-type': mediaType, 'content-length': String(der.length) },
    body: der,
  }
}

/** Caches keep an answer as long as this server does: until half its life is over. */
function cachingHeaders({ der, life }: OcspAnswer, now: Date): Record<string, string> {
  if (life === undefined) return { 'cache-control': 'no-store' }
  const seconds = Math.max(0, Math.floor((life.freshUntil.getTime() - now.getTime()) / 1000))
  return {
    'last-modified': httpDate(life.producedAt),
    expires: httpDate(life.nextUpdate),
    etag: `"${createHash('sha1').update(der).digest('hex')}"`,
    'cache-control': `max-age=${seconds}, public, no-transform, must-revalidate`,
  }
}
