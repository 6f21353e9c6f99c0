/**
 * The port of the public listener. A process binds the port before it creates its services, because certificates contain the URL
 * of the public listener.
 *
 * Workers share the port. On Linux, each worker has its own socket (SO_REUSEPORT), and the kernel distributes connections. OCSP
 * clients open a connection for each request. Passing each connection from the primary to a worker would be expensive. If a
 * worker is killed, the kernel also resets the connections that wait for the worker. On other operating systems, the kernel does
 * not distribute connections evenly, so the primary distributes them. API connections are few and long-lived, and the primary
 * distributes them on every operating system (docs/decisions/0014).
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import { urlOf, type Listener } from '../http/listener.ts'
import type { Address } from '../settings/parse-values.ts'

/** Whether each worker listens on its own socket. */
export const hasOwnSockets = process.platform === 'linux'

/**
 * A port that is bound before its listener is created. Clients that connect before the listener is created are disconnected.
 */
export class ReservedPort implements AsyncDisposable {
  readonly port: number
  readonly url: string
  #server: Server | undefined

  constructor(server: Server) {
    const address = server.address() as AddressInfo
    this.port = address.port
    this.url = urlOf(address, 'http')
    this.#server = server
  }

  /** Returns the bound server. The listener takes over its socket with `listen(server)` and later closes the socket. */
  take(): Server {
    const server = this.#server
    if (server === undefined) throw new Error('the port is no longer reserved')
    this.#server = undefined
    return server
  }

  /** Closes the port unless a listener has taken it over. */
  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    await once(server, 'close')
  }
}

/** Binds a port. Throws ConfigurationError if the port is not available. */
export async function reservePort(
  address: Address,
  { reusePort = false }: { readonly reusePort?: boolean } = {},
): Promise<ReservedPort> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ ...address, exclusive: true, reusePort })
    await once(server, 'listening')
  } catch (error) {
    throw cannotListen(address, error)
  }
  return new ReservedPort(server)
}

/**
 * Finds the port that the workers will share. Throws ConfigurationError if another server listens on the port, because sockets
 * with SO_REUSEPORT would share the port with that server. A port chosen by the operating system stays reserved until the caller
 * disposes of the result. The caller disposes of the result once the workers listen.
 */
export async function reserveSharedPort(address: Address): Promise<ReservedPort> {
  const staysReserved = hasOwnSockets && address.port === 0
  const reserved = await reservePort(address, { reusePort: staysReserved })
  if (!staysReserved) await reserved[Symbol.asyncDispose]()
  return reserved
}

function cannotListen({ host, port }: Address, cause: unknown): ConfigurationError {
  const advice =
    (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      ? '; stop the process that uses the port, or choose another port with --listen (API), --public-listen (CRLs, OCSP), --enroll-listen (ACME, EST) or --metrics-listen'
      : ''
  const message = `cannot listen on ${host}:${port}: ${(cause as Error).message}${advice}`
  return new ConfigurationError(message, { cause })
}

/**
 * Returns the URL of the public listener. If the configured port is 0, the URL contains the port that the operating system
 * chose.
 */
export async function listenOn(
  server: Listener,
  address: ReservedPort | (Address & { readonly reusePort?: boolean }),
): Promise<string> {
  if (address instanceof ReservedPort) return server.listen(address.take())
  try {
    return await server.listen(address)
  } catch (error) {
    throw cannotListen(address, error)
  }
}
