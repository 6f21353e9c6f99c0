/** A route: the requests that one handler answers. The tables of routes are in routes.ts. */
import type { Answer, TextAnswer } from './answer.ts'
import type { BodyRefusal } from './body/read-body.ts'
import type { HttpRequest, RequestHead } from './request.ts'

/** The connection of a request, and the id of the request. */
export interface ConnectionInfo {
  readonly requestId: string
  readonly sourceIp: string | undefined
  /** Over TLS. */
  readonly isSecure: boolean
}

/** Why the body of a request was not read. */
export interface RefusedBody {
  readonly reason: BodyRefusal
  readonly bytesMax: number
}

export interface Handler {
  /** Answers a request. `parameter` is the part of the path that the route returned. */
  answer(
    request: HttpRequest,
    connection: ConnectionInfo,
    parameter: string,
  ): Answer | Promise<Answer>
  /** The answer after an unexpected error: without details, and in the format of the protocol. */
  fail(error: unknown, head: RequestHead, requestId: string): Answer
  /** Handlers of requests with bodies only: the others are given an empty body. */
  readonly body?: BodyHandling
}

interface BodyHandling {
  /** Limit on the length of the body; 0 if the request has none, or it is ignored. */
  bytesMax(head: RequestHead): number
  /** The answer to a request whose body was not read. */
  refuse(
    refused: RefusedBody,
    head: RequestHead,
    connection: ConnectionInfo,
  ): TextAnswer | Promise<TextAnswer>
}

export interface Route {
  /** Methods; all of them by default. */
  readonly methods?: readonly string[]
  /** A path, or a function that returns the parameter in the path of a request, and undefined for requests of other routes. */
  readonly path: string | ((head: RequestHead) => string | undefined)
  readonly handler: Handler
}

interface FoundRoute {
  readonly handler: Handler
  readonly parameter: string
}

/** The first route of a request. The last route of each table has every path. */
export function findRoute(routes: readonly Route[], head: RequestHead): FoundRoute {
  for (const { methods, path, handler } of routes) {
    if (methods !== undefined && !methods.includes(head.method)) continue
    const found = typeof path === 'string' ? path === head.localPath && '' : path(head)
    if (found !== undefined && found !== false) return { handler, parameter: found }
  }
  throw new Error('the table of routes has no last route')
}

/** Answers a request that did not arrive on a listener: its body is complete. Rejects as handlers do. */
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
