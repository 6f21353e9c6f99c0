/** Servers of Node.js below the framework, with what a client may take of them. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createTlsServer, type TlsMaterial } from './tls.ts'
import { followConnections } from './unfinished.ts'

export interface ListenerLimits {
  readonly connectionsMax: number
  /** Until the headers of a request are there, and until all of it is. */
  readonly headersMilliseconds: number
  readonly requestMilliseconds: number
  /** How often connections are looked at for that. */
  readonly checkMilliseconds: number
}

export const limitsDefault: ListenerLimits = {
  connectionsMax: 10_000,
  headersMilliseconds: 15_000,
  requestMilliseconds: 30_000,
  checkMilliseconds: 5000,
}

const headerBytesMax = 32 * 1024
const keepAliveMilliseconds = 75_000

export interface NodeServer {
  readonly server: Server
  /** Cuts, after a while, connections on which no whole request waits: for a listener that closes. */
  cutUnfinished(): void
}

/** A server, over TLS if there is a certificate, not yet listening. */
export function createNodeServer(
  handler: RequestListener,
  limits: ListenerLimits,
  tls: TlsMaterial | undefined,
): NodeServer {
  const options = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersMilliseconds,
    requestTimeout: limits.requestMilliseconds,
    keepAliveTimeout: keepAliveMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
  }
  const server =
    tls === undefined ? createServer(options, handler) : createTlsServer(tls, options, handler)
  server.maxConnections = limits.connectionsMax
  return { server, cutUnfinished: followConnections(server, tls !== undefined) }
}
