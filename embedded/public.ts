/** What the public listener of a server has, without a listener: CRLs and other objects, OCSP, certificates of CAs. */
import { Readable } from 'node:stream'
import type { Answer } from '../src/http/answer.ts'
import { logFailure } from '../src/http/log-failure.ts'
import { parseHead } from '../src/http/request.ts'
import { answerComplete, findRoute } from '../src/http/route.ts'
import { publicRoutes } from '../src/http/routes.ts'
import type { PublicObjects } from '../src/objects/object-store.ts'
import { createOcspResponder } from '../src/ocsp/responder.ts'
import { createOcspRoute } from '../src/ocsp/handler.ts'
import type { Services } from '../src/services.ts'
import type { Gate } from './gate.ts'

/** As `fetch`, but no other machine is asked, whatever host the URL names. */
export type FetchPublic = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface PublicParts {
  readonly services: Services
  readonly publicObjects: PublicObjects | undefined
  readonly gate: Gate
  readonly requestId: () => string
  /** Without a slash at the end. */
  readonly publicUrl: string
}

/** Rejects with TypeError for what is no URL, and with Error when the CA is closed. */
export function createFetchPublic(parts: PublicParts): FetchPublic {
  const { gate, requestId, publicUrl, services, publicObjects } = parts
  const ocsp = createOcspRoute({ responder: createOcspResponder(services), clock: services.clock })
  const routes = publicRoutes({ services, publicObjects, ocsp })
  const answer = async (request: Request): Promise<Response> => {
    const { method, url } = request
    const rawHeaders = [['host', new URL(url).host], ...request.headers].flat()
    const head = parseHead({ method, url: pathOf(url, publicUrl), rawHeaders }, '')
    const id = requestId()
    const route = findRoute(routes, head)
    try {
      const body = new Uint8Array(await request.arrayBuffer())
      const connection = { requestId: id, sourceIp: undefined, isSecure: false }
      return await responseOf(await answerComplete(route, { ...head, body }, connection))
    } catch (error) {
      logFailure(services.log, id, error)
      return responseOf(route.handler.fail(error, head, id))
    }
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
async function responseOf({ status, headers, body }: Answer): Promise<Response> {
  const content = body instanceof Readable ? Buffer.concat(await body.toArray()) : body
  return new Response(typeof content === 'object' ? Uint8Array.from(content) : content, {
    status,
    headers,
  })
}
