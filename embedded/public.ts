/** What the public listener of a server has, without a listener: CRLs and other objects, OCSP, certificates of CAs. */
import { createOcspResponder } from '../src/ocsp/responder.ts'
import { answerOcsp } from '../src/ocsp/handler.ts'
import { answerPublic, type PublicServices } from '../src/http/public.ts'
import { answerOrFail, type PublicAnswer } from '../src/http/public-answer.ts'
import type { Gate } from './gate.ts'

/** As `fetch`, but no other machine is asked, whatever host the URL names. */
export type FetchPublic = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface PublicParts extends PublicServices {
  readonly gate: Gate
  readonly requestId: () => string
  /** Without a slash at the end. */
  readonly publicUrl: string
}

/** Rejects with TypeError for what is no URL, and with Error when the CA is closed. */
export function createFetchPublic(parts: PublicParts): FetchPublic {
  const { gate, requestId, publicUrl, services } = parts
  const { clock, log } = services
  const ocsp = { responder: createOcspResponder(services), clock, log }
  const answer = async (request: Request): Promise<Response> => {
    const asked = {
      method: request.method,
      path: pathOf(request.url, publicUrl),
      headers: { ...Object.fromEntries(request.headers), host: new URL(request.url).host },
      body: new Uint8Array(await request.arrayBuffer()),
    }
    const answered = await answerOrFail(
      log,
      requestId(),
      async () => (await answerOcsp(ocsp, asked)) ?? (await answerPublic(parts, asked)),
    )
    return responseOf(answered)
  }
  return async (input, init) => {
    const url = input instanceof Request ? input : new URL(input, `${publicUrl}/`)
    const request = new Request(url, init)
    return gate.pass(() => answer(request))
  }
}

/** Certificates may name other hosts, where the same paths are. */
function pathOf(url: string, publicUrl: string): string {
  const { pathname } = new URL(url)
  const { pathname: prefix } = new URL(publicUrl)
  return prefix !== '/' && url.startsWith(`${publicUrl}/`)
    ? pathname.slice(prefix.length)
    : pathname
}

/** Read whole, so that no file stays open for a reader who never comes. */
async function responseOf({ status, headers, body }: PublicAnswer): Promise<Response> {
  const octets =
    body === undefined || body instanceof Uint8Array ? body : Buffer.concat(await body.toArray())
  return new Response(octets && Uint8Array.from(octets), { status, headers })
}
