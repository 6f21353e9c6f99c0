/** The two listeners. What is asked for most is answered before Fastify, which gives the rest, and a graceful end. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  fastify,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { Log } from '../telemetry/log.ts'
import type { Random } from '../random.ts'
import { renderError } from '../wire/errors.ts'
import { splitTarget } from '../wire/sigv4/request.ts'
import { answerHeaders, createApiHandler } from './api-handler.ts'
import { createBodyBudget, type BodyBudget } from './body/budget.ts'
import type { ApiServices } from './protocol.ts'
import type { Health } from './health.ts'
import { failRequest } from './last-resort.ts'
import { jsonMediaType } from './body/members.ts'
import type { OcspHandler } from '../ocsp/handler.ts'
import {
  answerOrFail,
  withinBudget,
  type PublicAnswer,
  type PublicRequest,
} from './public-answer.ts'
import { headersTooLarge, refusalOf, rejectConnection } from './error-responses.ts'
import { dropBody } from './body/read-body.ts'
import { createRequestIds } from './request-ids.ts'
import { originForm, withoutPrefix } from './request-target.ts'
import {
  createNodeServer,
  headerLinesMax,
  limitsDefault,
  type ListenerLimits,
  type NodeServer,
} from './node-server.ts'
import type { TlsMaterial } from './tls.ts'
import { logRequest } from './request-log.ts'

/** What every listener needs. */
export interface ListenerServices {
  readonly log: Log
  readonly random: Random
  readonly limits?: Partial<ListenerLimits>
  /** Absent where nothing can be away. */
  readonly health?: Health
  /** Path prefix of a reverse proxy; none by default. */
  readonly basePath?: string
}

/** Fastify reads no bodies: those of the API and of OCSP are read before it, and no other request needs one. */
const frameworkBodyBytesMax = 64 * 1024

const healthPath = '/healthz'
const metricsPath = '/metrics'

/**
 * The API listener, not yet listening: every request goes to the pipeline, `GET /healthz` and `GET /metrics` apart. `close()` stops
 * accepting, finishes what is running and drops idle connections.
 */
export function createApiServer(
  services: ApiServices & ListenerServices & { readonly budget?: BodyBudget },
  tls?: TlsMaterial,
): FastifyInstance {
  const requestId = createRequestIds(services.random)
  const isSecure = tls !== undefined
  const { budget = createBodyBudget(), basePath } = services
  const answer = createApiHandler({ services, requestId, budget, isSecure })
  const { metrics } = services.services
  const server = createServer(services, {
    requestId,
    tls,
    first(request, response) {
      const path = withoutPrefix(splitTarget(request.url ?? '').path, basePath)
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      if (isRead && (path === healthPath || path === metricsPath)) {
        request.url = path
        return false
      }
      answer(request, response)
      return true
    },
  })
  server.get(metricsPath, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
  return server
}

/** What the public listener has. */
export interface PublicHandlers {
  readonly ocsp: OcspHandler
  readonly answer: (request: PublicRequest) => Promise<PublicAnswer>
  /** The budget of the process; buffers of objects that are being sent count towards it, too. */
  readonly budget?: BodyBudget
}

/** The listener that anyone may reach, not yet listening: `GET /healthz`, OCSP, and what `answer` has. */
export function createPublicServer(
  services: ListenerServices,
  { ocsp, answer, budget = createBodyBudget() }: PublicHandlers,
): FastifyInstance {
  const server = createServer(services, {
    requestId: createRequestIds(services.random),
    // The router sees no path but these two: it would decode others, and refuse some in its own way.
    rewriteUrl: ({ url = '' }) => (splitTarget(url).path === healthPath ? healthPath : '/'),
    first(request, response) {
      request.url = withoutPrefix(request.url ?? '', services.basePath ?? '')
      return ocsp(request, response)
    },
  })
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { id, method, headers, originalUrl } = request
    const { path } = splitTarget(originalUrl)
    const found = await answerOrFail(services.log, id, async () =>
      withinBudget(budget, await answer({ method, path, headers, body: new Uint8Array() })),
    )
    return reply.code(found.status).headers(found.headers).send(found.body)
  }
  server.all('/', handle)
  server.setNotFoundHandler(handle)
  return server
}

interface ServerParts extends Pick<FastifyServerOptions, 'rewriteUrl'> {
  readonly requestId: () => string
  readonly tls?: TlsMaterial | undefined
  /** Has every request first: true if it answers it, false if the framework is to. */
  readonly first: (request: IncomingMessage, response: ServerResponse) => boolean
}

function createServer(
  { log, limits, health }: ListenerServices,
  { requestId, tls, first, rewriteUrl }: ServerParts,
): FastifyInstance {
  let node: NodeServer | undefined
  const refuse = createRefusal(log)
  const server: FastifyInstance = fastify({
    ...(rewriteUrl && { rewriteUrl }),
    // With a server of ours one address is listened on, and what we set on it holds.
    serverFactory(handler) {
      const answer = createEntry({ log, requestId, first, handler })
      const refuseConnect = (socket: Socket): void => rejectConnection({}, socket, requestId())
      const listener = { answer, refuseConnect, limits: { ...limitsDefault, ...limits }, tls, log }
      node = createNodeServer(listener)
      return node.server
    },
    bodyLimit: frameworkBodyBytesMax,
    genReqId: requestId,
    forceCloseConnections: 'idle',
    // A request on a connection that is kept alive is still served while the listener closes.
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      refuse(error, request, reply)
    },
    clientErrorHandler(error, socket) {
      if (node?.canAnswer(socket) !== false) rejectConnection(error, socket, requestId())
    },
  })
  // oxlint-disable-next-line typescript/require-await -- Fastify waits for hooks
  server.addHook('preClose', async () => node?.destroyIncomplete())
  server.removeAllContentTypeParsers()
  // A body is neither read nor kept: node:http drops it when the answer is sent.
  server.addContentTypeParser('*', (_request, _body, done) => done(null))
  server.setErrorHandler(refuse)
  server.get(healthPath, async (_request, reply) => {
    const failure = await health?.()
    if (failure !== undefined) log.warn({ err: failure }, 'not healthy')
    return reply
      .code(failure === undefined ? 200 : 503)
      .type('application/json')
      .send(failure === undefined ? '{"status":"ok"}' : '{"status":"unavailable"}')
  })
  return server
}

/** The entry point of every request. Catches whatever is thrown while it is answered or passed on. */
function createEntry({
  log,
  requestId,
  first,
  handler,
}: Pick<ServerParts, 'requestId' | 'first'> & {
  readonly log: Log
  readonly handler: RequestListener
}): RequestListener {
  return (request, response) => {
    try {
      response.on('error', (err) => log.debug({ err }, 'an answer could not be sent'))
      if (request.rawHeaders.length >= 2 * headerLinesMax) {
        dropBody(request, response)
        refuseHeaders(response, requestId())
        return
      }
      const { target, host } = originForm(request.url ?? '')
      request.url = target
      // RFC 9112 §3.2.2: the host of the target replaces the Host header. The raw headers keep the signed one.
      if (host !== undefined) request.headers.host = host
      if (first(request, response)) return
      dropBody(request, response)
      handler(request, response)
    } catch (error) {
      const id = requestId()
      const { code, body } = renderError(undefined)
      const failed = { requestId: id, status: 500, errorCode: code, mediaType: jsonMediaType, body }
      const answer = { headers: answerHeaders(failed), body }
      failRequest(log, { requestId: id, error }, { response, answer })
    }
  }
}

/** Not all of the headers were kept. Newer versions of Node.js refuse such a request themselves, in the same way. */
function refuseHeaders(response: ServerResponse, id: string): void {
  const { status, code, body } = renderError(headersTooLarge())
  const answer = { requestId: id, status, errorCode: code, mediaType: jsonMediaType, body }
  response.writeHead(status, { ...answerHeaders(answer), connection: 'close' }).end(body)
}

type Refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Answers requests that Fastify refuses, and errors of its handlers. */
function createRefusal(log: Log): Refuse {
  return (error, request, reply) => {
    const refusal = refusalOf(error, frameworkBodyBytesMax)
    const { status, code, body } = renderError(refusal)
    const unknown = {
      operation: undefined,
      caller: undefined,
      milliseconds: Math.round(reply.elapsedTime),
    }
    logRequest(log, { requestId: request.id, ...unknown, status, errorCode: code }, refusal)
    reply
      .code(status)
      .header('connection', 'close')
      .header('x-amzn-RequestId', request.id)
      .header('x-amzn-ErrorType', code)
      .header('content-type', jsonMediaType)
    // With a serializer Fastify does not add a charset to the media type: AWS sends none.
    return reply.serializer(asItIs).send(body)
  }
}

function asItIs(body: string): string {
  return body
}
