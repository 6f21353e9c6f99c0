/** The two listeners. What is asked for most is answered before Fastify, which gives the rest, and a graceful end. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import {
  fastify,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { renderError } from '../wire/errors.ts'
import { splitTarget } from '../wire/sigv4-request.ts'
import { apiBodyBytesMax, createApiHandler } from './api-handler.ts'
import type { ApiServices } from './front.ts'
import type { Health } from './health.ts'
import { jsonMediaType } from './members.ts'
import type { OcspHandler } from './ocsp.ts'
import { answerOrFail, type PublicAnswer, type PublicRequest } from './public-answer.ts'
import { refusalOf, refuseConnection } from './refusals.ts'
import { createRequestIds } from './request-ids.ts'
import {
  createNodeServer,
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
}

/** An OCSP request is the largest thing that the public listener is sent. */
const publicBodyBytesMax = 64 * 1024

const healthPath = '/healthz'
const metricsPath = '/metrics'

/**
 * The API listener, not yet listening: every request goes to the pipeline, `GET /healthz` and `GET /metrics` apart. `close()` stops
 * accepting, finishes what is running and drops idle connections.
 */
export function createApiServer(
  services: ApiServices & ListenerServices,
  tls?: TlsMaterial,
): FastifyInstance {
  const requestId = createRequestIds(services.random)
  const isSecure = tls !== undefined
  const answer = createApiHandler({ services, requestId, bodyBytesMax: apiBodyBytesMax, isSecure })
  const { metrics } = services.services
  const server = createServer(services, {
    requestId,
    tls,
    first(request, response) {
      const { path } = splitTarget(request.url ?? '')
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      if (isRead && (path === healthPath || path === metricsPath)) return false
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
}

/** The listener that anyone may reach, not yet listening: `GET /healthz`, OCSP, and what `answer` has. */
export function createPublicServer(
  services: ListenerServices,
  { ocsp, answer }: PublicHandlers,
): FastifyInstance {
  const server = createServer(services, {
    requestId: createRequestIds(services.random),
    // The router sees no path but these two: it would decode others, and refuse some in its own way.
    rewriteUrl: ({ url = '' }) => (splitTarget(url).path === healthPath ? healthPath : '/'),
    first: ocsp,
  })
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { id, method, body, headers, originalUrl } = request
    const { path } = splitTarget(originalUrl)
    const octets = body instanceof Uint8Array ? body : new Uint8Array()
    const found = await answerOrFail(services.log, id, () =>
      answer({ method, path, headers, body: octets }),
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
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const refusal = refusalOf(error, publicBodyBytesMax)
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
  const server: FastifyInstance = fastify({
    ...(rewriteUrl && { rewriteUrl }),
    // With a server of ours one address is listened on, and what we set on it holds.
    serverFactory(handler) {
      const answer: RequestListener = (request, response) => {
        if (!first(request, response)) handler(request, response)
      }
      node = createNodeServer(answer, { ...limitsDefault, ...limits }, tls)
      return node.server
    },
    bodyLimit: publicBodyBytesMax,
    genReqId: requestId,
    forceCloseConnections: 'idle',
    // A request on a connection that is kept alive is still served while the listener closes.
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      refuse(error, request, reply)
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, requestId()),
  })
  // oxlint-disable-next-line typescript/require-await -- Fastify waits for hooks
  server.addHook('preClose', async () => node?.cutUnfinished())
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
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

function asItIs(body: string): string {
  return body
}
