/** HTTP listeners: Node.js servers with limits on clients and graceful shutdown. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, ListenOptions, Server as BoundServer, Socket } from 'node:net'
import type { ServiceError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import { urlHost } from '../text/ip-address.ts'
import type { TextAnswer } from './answer.ts'
import { rejectConnection } from './error-responses.ts'
import { createTlsServer, type TlsMaterial } from './tls.ts'
import { trackConnections } from './connection-drain.ts'

export interface ListenerLimits {
  readonly connectionsMax: number
  /** Timeout for receiving the headers of a request. `requestMilliseconds` is the timeout for receiving the whole request. */
  readonly headersMilliseconds: number
  readonly requestMilliseconds: number
  /**
   * Timeout for a connection that has no traffic during a request or its response, for example because the client has stopped
   * reading.
   */
  readonly silentMilliseconds: number
  /** Interval at which the server checks connections for exceeded timeouts. */
  readonly checkMilliseconds: number
}

const limitsDefault: ListenerLimits = {
  connectionsMax: 10_000,
  headersMilliseconds: 15_000,
  requestMilliseconds: 30_000,
  // The timeout for silent connections is longer than the deadline of a request, because a connection has no traffic until its
  // response is sent.
  silentMilliseconds: 120_000,
  checkMilliseconds: 5000,
}

const headerBytesMax = 32 * 1024
/**
 * Limit on the number of header lines in a request, because the memory for a line is many times its length. No known client or
 * proxy sends even half as many lines.
 */
export const headerLinesMax = 200
const keepAliveMilliseconds = 75_000

/** The interface that a listener offers to its owner. */
export interface Listener {
  /** The Node.js server. The owner reads the server's address and replaces its TLS certificate. */
  readonly server: Server
  /**
   * Starts listening on an address, or takes over the socket of a server that is already bound. Resolves to the listener's URL,
   * which contains the actual port.
   */
  listen(address: ListenOptions | BoundServer): Promise<string>
  /** Number of connections that are open. */
  readonly openConnections: () => number
  /**
   * Stops accepting connections and closes idle connections. Connections with an incomplete request are closed after a delay.
   * Resolves when all pending requests have received their responses.
   */
  close(): Promise<void>
}

interface ListenerParts {
  readonly answer: RequestListener
  /** Creates the response to bytes that are not a valid HTTP request. */
  readonly errorAnswer: (error: ServiceError) => TextAnswer
  readonly limits: Partial<ListenerLimits> | undefined
  readonly tls: TlsMaterial | undefined
  readonly log: Log
}

/** Creates a listener, which uses TLS if a certificate is configured. The listener does not accept connections yet. */
export function createListener({
  answer,
  errorAnswer,
  tls,
  log,
  ...parts
}: ListenerParts): Listener {
  const limits = { ...limitsDefault, ...parts.limits }
  let closing: Promise<void> | undefined
  const server = createLimitedServer(limits, tls, answer)
  const connections = trackConnections(server, tls !== undefined)
  // Without this handler, a failure to accept a connection (for example, when no file descriptors are left) would be an uncaught
  // error.
  server.on('error', (err) => {
    if (server.listening) log.error({ err }, 'a listener failed to accept a connection')
  })
  // The server may ignore an Expect header other than 100-continue (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  )
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (connections.canAnswer(socket as Socket))
      rejectConnection(error, socket as Socket, errorAnswer)
  })
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    rejectConnection({}, socket as Socket, errorAnswer)
  })
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    // `server.close()` in node:http also closes idle connections.
    server.close()
    connections.end()
    await closed
  }
  return {
    server,
    async listen(address) {
      server.listen(address)
      await once(server, 'listening')
      return urlOf(server.address() as AddressInfo, tls === undefined ? 'http' : 'https')
    },
    openConnections: connections.count,
    close: () => (closing ??= close()),
  }
}

function createLimitedServer(
  limits: ListenerLimits,
  tls: TlsMaterial | undefined,
  answer: RequestListener,
): Server {
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
  // Node.js drops header lines beyond its own limit, so server.ts rejects requests that reach the limit.
  server.maxHeadersCount = headerLinesMax
  server.timeout = limits.silentMilliseconds
  return server
}

/**
 * Returns the URL of a listener. If the listener accepts connections on every IPv4 address, the URL contains the loopback
 * address.
 */
export function urlOf({ address, port }: AddressInfo, scheme: string): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address
  return `${scheme}://${urlHost(host)}:${port}`
}
