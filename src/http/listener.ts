/** Listeners: servers of Node.js, with their limits on clients and their orderly end. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, ListenOptions, Server as BoundServer, Socket } from 'node:net'
import type { Log } from '../telemetry/log.ts'
import { rejectConnection } from './error-responses.ts'
import { createTlsServer, type TlsMaterial } from './tls.ts'
import { trackConnections } from './connection-drain.ts'

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

const limitsDefault: ListenerLimits = {
  connectionsMax: 10_000,
  headersMilliseconds: 15_000,
  requestMilliseconds: 30_000,
  // Longer than the deadline of a request, during which the connection is silent.
  silentMilliseconds: 120_000,
  checkMilliseconds: 5000,
}

const headerBytesMax = 32 * 1024
/** Limit on the header lines of a request: each takes many times its length in memory, and no client or proxy sends half as many. */
export const headerLinesMax = 200
const keepAliveMilliseconds = 75_000

/** A listener as its process has it. */
export interface Listener {
  /** For the address, and for the renewal of the certificate. */
  readonly server: Server
  /** Starts to listen, or takes over the socket of a bound server. Resolves to the URL, with the port that the system chose if it was 0. Rejects if it cannot listen. */
  listen(address: ListenOptions | BoundServer): Promise<string>
  /**
   * Stops accepting connections and closes the idle ones. Resolves when the pending requests are answered; connections whose
   * request is incomplete are closed after a delay.
   */
  close(): Promise<void>
}

interface ListenerParts {
  readonly answer: RequestListener
  readonly requestId: () => string
  readonly limits: Partial<ListenerLimits> | undefined
  readonly tls: TlsMaterial | undefined
  readonly log: Log
}

/** A listener, over TLS if there is a certificate, not yet listening. */
export function createListener({ answer, requestId, tls, log, ...parts }: ListenerParts): Listener {
  const limits = { ...limitsDefault, ...parts.limits }
  let closing: Promise<void> | undefined
  const server = createLimitedServer(limits, tls, answer)
  const connections = trackConnections(server, tls !== undefined)
  // Without a handler, a connection that cannot be accepted, for example without file descriptors, is an uncaught error.
  server.on('error', (err) => {
    if (server.listening) log.error({ err }, 'a listener failed to accept a connection')
  })
  // An Expect header other than 100-continue may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  )
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (connections.canAnswer(socket as Socket))
      rejectConnection(error, socket as Socket, requestId())
  })
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    rejectConnection({}, socket as Socket, requestId())
  })
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    // node:http closes idle connections, too.
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
  // Further lines are not kept; such a request is refused (server.ts).
  server.maxHeadersCount = headerLinesMax
  server.timeout = limits.silentMilliseconds
  return server
}

/** A listener on every IPv4 address is reached at the loopback address, too. */
export function urlOf({ address, port }: AddressInfo, scheme: string): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
