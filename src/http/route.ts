/** Types of routes and handlers, and the lookup of a route. The route tables are in routes.ts. */
import type { Answer, TextAnswer } from './answer.ts'
import type { BodyRefusal } from './body/read-body.ts'
import type { HttpRequest, RequestHead } from './request.ts'

/** The connection and the ID of a request. */
export interface ConnectionInfo {
  readonly requestId: string
  readonly sourceIp: string | undefined
  /** Whether the connection uses TLS. */
  readonly isSecure: boolean
  /**
   * Returns the certificates that the client sent in the TLS handshake, in DER, its own first. They are not verified. Returns
   * undefined if the client sent none; absent without TLS.
   */
  readonly clientCertificate?: () => Buffer[] | undefined
  /**
   * Returns the channel binding of the connection in base64 (channel-binding.ts), or undefined if the connection has none; absent
   * without TLS.
   */
  readonly channelBinding?: () => string | undefined
}

/** The reason why a request's body was not read. */
export interface RefusedBody {
  readonly reason: BodyRefusal
  readonly bytesMax: number
}

export interface Handler {
  /** Returns the response to a request. `parameter` is the part of the path that the route returned. */
  answer(
    request: HttpRequest,
    connection: ConnectionInfo,
    parameter: string,
  ): Answer | Promise<Answer>
  /** Creates the response to an unexpected error, without details and in the protocol's format. */
  fail(error: unknown, head: RequestHead, requestId: string): Answer
  /** How request bodies are read. If absent, the handler receives an empty body. */
  readonly body?: BodyHandling
}

interface BodyHandling {
  /** Returns the limit on the length of the body; 0 if the request has no body or the handler ignores it. */
  bytesMax(head: RequestHead): number
  /** Creates the response to a request whose body was not read. */
  refuse(
    refused: RefusedBody,
    head: RequestHead,
    connection: ConnectionInfo,
  ): TextAnswer | Promise<TextAnswer>
}

export interface Route {
  /** HTTP methods of the route; all methods by default. */
  readonly methods?: readonly string[]
  /**
   * The path of the route, or a function that returns a request's path parameter, or undefined if the request does not match.
   */
  readonly path: string | ((head: RequestHead) => string | undefined)
  readonly handler: Handler
}

interface FoundRoute {
  readonly handler: Handler
  readonly parameter: string
}

/** Returns the first route that matches a request. The last route in each table matches every path. */
export function findRoute(routes: readonly Route[], head: RequestHead): FoundRoute {
  for (const { methods, path, handler } of routes) {
    if (methods !== undefined && !methods.includes(head.method)) continue
    const found = typeof path === 'string' ? path === head.localPath && '' : path(head)
    if (found !== undefined && found !== false) return { handler, parameter: found }
  }
  throw new Error('the table of routes has no last route')
}

/**
 * Returns the response to a request that has a complete body and did not arrive on a listener. Rejects if the handler
 * rejects.
 */
export async function answerComplete(
  { handler, parameter }: FoundRoute,
  request: HttpRequest,
  connection: ConnectionInfo,
): Promise<Answer> {
  const { body } = handler
  if (body === undefined) return handler.answer(request, connection, parameter)
  const bytesMax = body.bytesMax(request)
  return request.body.length > bytesMax
    ? body.refuse({ reason: 'too-long', bytesMax }, request, connection)
    : handler.answer(request, connection, parameter)
}
