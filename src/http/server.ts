/** The two listeners. Fastify gives limits, deadlines and a graceful end; routing and bodies stay raw. */
import {
  fastify,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { ServiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { renderError } from '../wire/errors.ts'
import { indexHeaders, splitTarget, type RawRequest } from '../wire/sigv4-request.ts'
import { answerRequest, type ApiAnswer } from './api.ts'
import type { ApiServices } from './front.ts'
import type { Server } from 'node:http'
import type { Health } from './health.ts'
import { jsonMediaType } from './members.ts'
import type { OcspHandler } from './ocsp.ts'
import { textAnswer, type PublicAnswer, type PublicRequest } from './public-answer.ts'
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

/** Certificate chains of 2 MiB arrive as base64. */
const apiBodyBytesMax = 4 * 1024 * 1024

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
  const server = createServer(services, apiBodyBytesMax, {
    // The router sees no path but these three: it would decode others, and refuse some in its own way.
    rewriteUrl: ({ url = '' }) => {
      const { path } = splitTarget(url)
      return path === healthPath || path === metricsPath ? path : '/'
    },
    tls,
  })
  const { metrics } = services.services
  server.get(metricsPath, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answered = await answerRequest(services, rawRequestOf(request), {
      requestId: request.id,
      sourceIp: request.ip,
      isSecure: tls !== undefined,
    })
    return send(reply, { requestId: request.id, ...answered })
  }
  server.all('/', answer)
  // Methods that the router does not know end here.
  server.setNotFoundHandler(answer)
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
  const server = createServer(services, publicBodyBytesMax, {
    rewriteUrl: ({ url = '' }) => (splitTarget(url).path === healthPath ? healthPath : '/'),
  })
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { method, body, headers, originalUrl } = request
    const { path } = splitTarget(originalUrl)
    const octets = body instanceof Uint8Array ? body : new Uint8Array()
    const found = await answerOrFail(services, request, () =>
      answer({ method, path, headers, body: octets }),
    )
    return reply.code(found.status).headers(found.headers).send(found.body)
  }
  server.all('/', handle)
  server.setNotFoundHandler(handle)
  putBefore(server.server, ocsp)
  return server
}

/** Lets `handler` have every request first; those that it does not want go on to the framework. */
function putBefore(server: Server, handler: OcspHandler): void {
  const others = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (!handler(request, response)) for (const other of others) other(request, response)
  })
}

/** Strangers are told nothing of what failed. */
async function answerOrFail(
  { log }: ListenerServices,
  { id }: FastifyRequest,
  answer: () => Promise<PublicAnswer>,
): Promise<PublicAnswer> {
  try {
    return await answer()
  } catch (error) {
    log.error({ requestId: id, err: error }, 'public request failed')
    const isAway = error instanceof ServiceError && error.code === 'ServiceUnavailable'
    return isAway ? textAnswer(503, 'Service unavailable') : textAnswer(500, 'Internal error')
  }
}

function createServer(
  { log, random, limits, health }: ListenerServices,
  bodyBytesMax: number,
  { tls, rewriteUrl }: Pick<FastifyServerOptions, 'rewriteUrl'> & { tls?: TlsMaterial | undefined },
): FastifyInstance {
  const requestId = createRequestIds(random)
  let node: NodeServer | undefined
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const refusal = refusalOf(error, bodyBytesMax)
    const { status, code, body } = renderError(refusal)
    const unknown = {
      operation: undefined,
      caller: undefined,
      milliseconds: Math.round(reply.elapsedTime),
    }
    logRequest(log, { requestId: request.id, ...unknown, status, errorCode: code }, refusal)
    reply.header('connection', 'close')
    const mediaType = jsonMediaType
    return send(reply, { requestId: request.id, status, errorCode: code, mediaType, body })
  }
  const server: FastifyInstance = fastify({
    ...(rewriteUrl && { rewriteUrl }),
    // With a server of ours one address is listened on, and what we set on it holds.
    serverFactory(handler) {
      node = createNodeServer(handler, { ...limitsDefault, ...limits }, tls)
      return node.server
    },
    bodyLimit: bodyBytesMax,
    genReqId: requestId,
    forceCloseConnections: 'idle',
    // A request on a connection that is kept alive is still served while the listener closes.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply),
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

function rawRequestOf(request: FastifyRequest): RawRequest {
  const { method = '', rawHeaders } = request.raw
  const { body, originalUrl } = request
  return {
    method,
    ...splitTarget(originalUrl),
    headers: indexHeaders(rawHeaders),
    body: body instanceof Uint8Array ? body : new Uint8Array(),
  }
}

function asItIs(body: string): string {
  return body
}

interface Answer extends ApiAnswer {
  readonly requestId: string
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { requestId, status, errorCode, mediaType, body } = answer
  reply.code(status).header('x-amzn-RequestId', requestId).header('content-type', mediaType)
  if (errorCode !== undefined) reply.header('x-amzn-ErrorType', errorCode)
  // With a serializer Fastify does not add a charset to the media type: AWS sends none. A text goes out in one
  // write with the headers, bytes would not.
  return reply.serializer(asItIs).send(body)
}
