/** Servers of Node.js below the framework, with their limits on clients. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../telemetry/log.ts'
import { createTlsServer, type TlsMaterial } from './tls.ts'
import { trackConnections, type Connections } from './connection-drain.ts'

export interface ListenerLimits {
  readonly connectionsMax: number
  /** Until the headers of a request are there, and until all of it is. */
  readonly headersMilliseconds: number
  readonly requestMilliseconds: number
  /** How long a connection may be silent during a request or its answer: a client may stop reading. */
  readonly silentMilliseconds: number
  /** How often connections are looked at for that. */
  readonly checkMilliseconds: number
}

export const limitsDefault: ListenerLimits = {
  connectionsMax: 10_000,
  headersMilliseconds: 15_000,
  requestMilliseconds: 30_000,
  // Longer than the deadline of a request, during which the connection is silent.
  silentMilliseconds: 120_000,
  checkMilliseconds: 5000,
}

const headerBytesMax = 32 * 1024
/** Header lines of a request: each takes many times its length in memory, and no client or proxy sends half as many. */
export const headerLinesMax = 200
const keepAliveMilliseconds = 75_000

export interface NodeServer extends Connections {
  readonly server: Server
}

export interface NodeServerParts {
  readonly answer: RequestListener
  /** Refuses a CONNECT request on its socket. */
  readonly refuseConnect: (socket: Socket) => void
  readonly limits: ListenerLimits
  readonly tls: TlsMaterial | undefined
  readonly log: Log
}

/** A server, over TLS if there is a certificate, not yet listening. */
export function createNodeServer(parts: NodeServerParts): NodeServer {
  const { answer, refuseConnect, limits, tls, log } = parts
  const options = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersMilliseconds,
    requestTimeout: limits.requestMilliseconds,
    keepAliveTimeout: keepAliveMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
  }
  const server =
    tls === undefined ? createServer(options, answer) : createTlsServer(tls, options, answer)
  server.maxConnections = limits.connectionsMax
  // Further ones are not kept; such a request is refused (server.ts).
  server.maxHeadersCount = headerLinesMax
  server.timeout = limits.silentMilliseconds
  // Without a listener, a connection that cannot be accepted, for example without file descriptors, is an uncaught error.
  server.on('error', (err) => {
    if (server.listening) log.error({ err }, 'a listener failed to accept a connection')
  })
  // An Expect header other than 100-continue may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  )
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    refuseConnect(socket as Socket)
  })
  return { server, ...trackConnections(server, tls !== undefined) }
}
