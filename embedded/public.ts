/** Serves the public content of a server without a listener: CRLs and other objects, OCSP responses and CA certificates. */
import { Readable } from 'node:stream'
import type { Answer } from '../src/http/answer.ts'
import { logFailure } from '../src/http/log-failure.ts'
import { parseHead } from '../src/http/request.ts'
import { answerComplete, findRoute } from '../src/http/route.ts'
import { publicRoutes } from '../src/http/routes.ts'
import type { PublicObjects } from '../src/objects/object-store.ts'
import { createOcspRoute } from '../src/ocsp/handler.ts'
import type { Services } from '../src/services.ts'
import type { Gate } from './gate.ts'

/**
 * Fetches an embedded CA's CRLs, OCSP responses and CA certificates, with the interface of `fetch`. A relative URL is resolved
 * against `publicUrl`. The host in a URL is ignored, so requests never leave the process. For an unknown path, the response has
 * status 404.
 *
 * @throws TypeError for an invalid URL
 * @throws Error if the CA is closed
 * @example
 * const { status } = await ca.fetchPublic('/ocsp', { method: 'POST', body: ocspRequest })
 */
export type FetchPublic = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface PublicParts {
  readonly services: Services
  readonly publicObjects: PublicObjects | undefined
  readonly gate: Gate
  readonly requestId: () => string
  /** The public base URL, without a trailing slash. */
  readonly publicUrl: string
}

export function createFetchPublic(parts: PublicParts): FetchPublic {
  const { gate, requestId, publicUrl, services, publicObjects } = parts
  const ocsp = createOcspRoute({ responder: services.ocsp, clock: services.clock })
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

/**
 * Returns the path below `publicUrl`. For a URL with another host, returns the complete path, because certificates may contain
 * such URLs.
 */
function pathOf(url: string, publicUrl: string): string {
  const { pathname } = new URL(url)
  const { pathname: prefix } = new URL(publicUrl)
  return prefix !== '/' && url.startsWith(`${publicUrl}/`)
    ? pathname.slice(prefix.length)
    : pathname
}

/** Creates a response whose body is already in memory, so that no file stays open if the caller ignores the body. */
async function responseOf({ status, headers, body }: Answer): Promise<Response> {
  const content = body instanceof Readable ? Buffer.concat(await body.toArray()) : body
  return new Response(typeof content === 'object' ? Uint8Array.from(content) : content, {
    status,
    headers,
  })
}
