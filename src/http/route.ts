/** Types for routes and handlers, and the function that finds a request's route. The route tables are in routes.ts. */
import type { Answer, TextAnswer } from './answer.ts'
import type { BodyRefusal } from './body/read-body.ts'
import type { HttpRequest, RequestHead } from './request.ts'

/** The ID of a request and facts about its connection. */
export interface ConnectionInfo {
  readonly requestId: string
  readonly sourceIp: string | undefined
  /** Whether the connection uses TLS. */
  readonly isSecure: boolean
  /**
   * Returns the DER of the unverified certificates that the client sent in the TLS handshake. The client's own certificate is the
   * first. Returns undefined if the client sent no certificate. The function is absent if the connection does not use TLS.
   */
  readonly clientCertificate?: () => Buffer[] | undefined
  /**
   * Returns whether the TLS handshake requested a client certificate (certificate-requests.ts); the function is absent without
   * TLS.
   */
  readonly wasCertificateRequested?: () => boolean
  /**
   * Returns the connection's channel binding in base64 (channel-binding.ts), or undefined if the connection has no channel
   * binding. The function is absent if the connection does not use TLS.
   */
  readonly channelBinding?: () => string | undefined
}

/** The reason why a request's body was not read. */
export interface RefusedBody {
  readonly reason: BodyRefusal
  readonly bytesMax: number
}

export interface Handler {
  /** Returns the response to a request. `parameter` is the part of the path that the route's `path` function returned. */
  answer(
    request: HttpRequest,
    connection: ConnectionInfo,
    parameter: string,
  ): Answer | Promise<Answer>
  /** Creates the response to an unexpected error. The response contains no details and is in the protocol's format. */
  fail(error: unknown, head: RequestHead, requestId: string): Answer
  /** Determines how the server reads the request body. Without this member, the handler receives an empty body. */
  readonly body?: BodyHandling
}

interface BodyHandling {
  /** Returns the maximum length of the request body, or 0 if the request has no body or the handler ignores it. */
  bytesMax(head: RequestHead): number
  /** Creates the response to a request whose body was not read. */
  refuse(
    refused: RefusedBody,
    head: RequestHead,
    connection: ConnectionInfo,
  ): TextAnswer | Promise<TextAnswer>
}

export interface Route {
  /** HTTP methods that the route accepts. By default, a route accepts all methods. */
  readonly methods?: readonly string[]
  /**
   * The path of the route, or a function that returns the path parameter of a request. The function returns undefined if the
   * request does not match the route.
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
  throw new Error('the table of routes must end with a route that matches every path')
}

/**
 * Returns the response to a request that has a complete body and did not arrive through a listener. The returned promise
 * rejects if the handler rejects.
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
