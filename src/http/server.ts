/** The API listener and the public listener. Each request is parsed once, and is handled by the first route that matches. */
import type { IncomingMessage, RequestListener } from 'node:http'
import { uuid, type Random } from '../random.ts'
import type { Log } from '../telemetry/log.ts'
import { joinBatch } from '../turns/batch.ts'
import { errorAnswer } from './aws-answer.ts'
import { createBodyBudget, type BodyBudget } from './body/budget.ts'
import { dropBody, readBody, takeBody, type BodyLimits, type ReadBody } from './body/read-body.ts'
import { wasCertificateRequested } from './certificate-requests.ts'
import { channelBindingOf } from './channel-binding.ts'
import { headersTooLarge, type ErrorFormat } from './error-responses.ts'
import { logFailure } from './log-failure.ts'
import { createListener, headerLinesMax, type Listener, type ListenerLimits } from './listener.ts'
import { parseHead, type RequestHead } from './request.ts'
import { findRoute, type ConnectionInfo, type Handler, type Route } from './route.ts'
import { apiRoutes, type ApiRouteServices } from './routes.ts'
import { sendAnswer, sendEarly, type Exchange } from './send-answer.ts'
import { presentedCertificates, type TlsMaterial } from './tls.ts'

/** Services and settings that a listener needs. */
export interface ListenerServices {
  readonly log: Log
  readonly random: Random
  readonly limits?: Partial<ListenerLimits>
  /** Path prefix that a reverse proxy adds to the URLs. By default, there is no prefix. */
  readonly basePath?: string
  /** The process's memory budget for request bodies and for objects that are being sent to clients. */
  readonly budget?: BodyBudget
  /** Format of errors that occur before a request reaches a route; AWS's format by default. */
  readonly errorFormat?: ErrorFormat
}

/**
 * Creates the API listener, which does not accept connections yet. All requests except `GET /healthz` and `GET /metrics` go to
 * the API. `close()` stops accepting connections, completes pending requests and closes idle connections.
 */
export function createApiServer(
  services: ApiRouteServices & ListenerServices,
  tls?: TlsMaterial,
): Listener {
  return createServer(services, apiRoutes(services), tls)
}

/** Creates a listener without authentication or TLS. The listener does not accept connections yet. */
export function createPlainServer(services: ListenerServices, routes: readonly Route[]): Listener {
  return createServer(services, routes)
}

/** Creates a TLS listener for routes other than those of the API. The listener does not accept connections yet. */
export function createTlsServer(
  services: ListenerServices,
  routes: readonly Route[],
  tls: TlsMaterial,
): Listener {
  return createServer(services, routes, tls)
}

function createServer(
  {
    log,
    random,
    limits,
    basePath = '',
    budget = createBodyBudget(),
    errorFormat = errorAnswer,
  }: ListenerServices,
  routes: readonly Route[],
  tls?: TlsMaterial,
): Listener {
  const requestId = (): string => uuid(random)
  const common = { log, requestId, basePath, budget, errorFormat }
  return createListener({
    answer: createEntry({ ...common, routes, isSecure: tls !== undefined }),
    errorAnswer: (error) => errorFormat(error, requestId()),
    limits,
    tls,
    log,
  })
}

export interface EntryServices {
  readonly log: Log
  readonly requestId: () => string
  readonly basePath: string
  readonly budget: BodyBudget
  readonly errorFormat: ErrorFormat
  readonly routes: readonly Route[]
  /** Whether the listener uses TLS. */
  readonly isSecure: boolean
}

/** A parsed request and the handler that serves it. */
interface RoutedRequest extends Exchange {
  readonly head: RequestHead
  readonly connection: ConnectionInfo
  readonly handler: Handler
  readonly parameter: string
}

/**
 * Handles every request to a listener. If the handling fails unexpectedly, the error is logged and the response has status 500.
 * The error never becomes an uncaught error of the process.
 */
export function createEntry(services: EntryServices): RequestListener {
  return (request, response) => {
    response.on('error', (err) => services.log.debug({ err }, 'a response could not be sent'))
    enter(services, { request, response }).catch(() => response.destroy())
  }
}

async function enter(services: EntryServices, exchange: Exchange): Promise<void> {
  let routed: RoutedRequest | undefined
  try {
    if (exchange.request.rawHeaders.length >= 2 * headerLinesMax) refuseHeaders(services, exchange)
    else {
      routed = route(services, exchange)
      await serve(services, routed)
    }
  } catch (error) {
    await fail(services, routed ?? exchange, error)
  }
}

function route(
  { requestId, basePath, routes, isSecure }: EntryServices,
  { request, response }: Exchange,
): RoutedRequest {
  const head = parseHead(request, basePath)
  const { socket } = request
  const connection: ConnectionInfo = {
    requestId: requestId(),
    sourceIp: socket.remoteAddress,
    isSecure,
    ...(isSecure && {
      clientCertificate: () => presentedCertificates(socket),
      wasCertificateRequested: () => wasCertificateRequested(socket),
      channelBinding: () => channelBindingOf(socket),
    }),
  }
  const { handler, parameter } = findRoute(routes, head)
  return { request, response, head, connection, handler, parameter }
}

/** Handles a request. The response is sent only after the request's log line has been written, even if the request failed. */
async function serve(services: EntryServices, routed: RoutedRequest): Promise<void> {
  const { request, response, head, connection, handler, parameter } = routed
  const bytesMax = handler.body?.bytesMax(head) ?? 0
  if (bytesMax === 0) dropBody(request, response)
  const read = await joinWithBody(request, { bytesMax, budget: services.budget })
  if (read.kind === 'gone') return
  if (read.kind !== 'whole') {
    const rejection = await handler.body?.refuse({ reason: read.kind, bytesMax }, head, connection)
    await services.log.written()
    if (rejection) sendEarly(routed, rejection, { isCut: read.kind === 'scattered' })
    return
  }
  try {
    const answer = await handler.answer({ ...head, body: read.bytes }, connection, parameter)
    await services.log.written()
    sendAnswer(response, answer, services)
  } finally {
    read.release()
  }
}

/** Waits until the request joins a batch, and returns its body. A request whose body arrives later joins a later batch. */
async function joinWithBody(request: IncomingMessage, limits: BodyLimits): Promise<ReadBody> {
  await joinBatch()
  if (limits.bytesMax === 0) return noBody
  const arrived = takeBody(request, limits)
  if (arrived !== undefined) return arrived
  const read = await readBody(request, limits)
  if (read.kind === 'whole') await joinBatch()
  return read
}

const noBody = { kind: 'whole', bytes: Buffer.alloc(0), release: () => undefined } as const

/** Logs a failure and sends a response with status 500. If a response has already begun, the function closes the connection. */
async function fail(
  services: EntryServices,
  failed: RoutedRequest | Exchange,
  error: unknown,
): Promise<void> {
  const { request, response } = failed
  const requestId = 'connection' in failed ? failed.connection.requestId : services.requestId()
  logFailure(services.log, requestId, error)
  await services.log.written()
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (!request.complete) response.shouldKeepAlive = false
  const failure =
    'handler' in failed
      ? failed.handler.fail(error, failed.head, requestId)
      : services.errorFormat(undefined, requestId)
  sendAnswer(response, failure, services)
}

/** Rejects a request that has too many header lines. Newer versions of Node.js limit the header lines themselves. */
function refuseHeaders(services: EntryServices, { request, response }: Exchange): void {
  dropBody(request, response)
  response.shouldKeepAlive = false
  sendAnswer(response, services.errorFormat(headersTooLarge(), services.requestId()), services)
}
