/**
 * The port of the public listener. A process binds the port before it creates its services, because certificates contain the URL
 * of this listener.
 *
 * Workers share the port. On Linux each has a socket of its own (SO_REUSEPORT) and the system distributes connections: clients of
 * OCSP open one for each request, which would be expensive to hand over, and a connection that waits for a worker that is killed
 * is reset instead of forgotten. Other systems do not distribute connections evenly; there the primary does, as it does
 * everywhere for the API, whose connections are few and stay (docs/decisions/0014).
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import { urlOf, type Listener } from '../http/listener.ts'
import type { Address } from '../settings/parse-values.ts'

/** Whether each worker listens on a socket of its own. */
export const hasOwnSockets = process.platform === 'linux'

/** A port that is bound for a listener that does not exist yet. Clients that connect meanwhile are disconnected. */
export class ReservedPort implements AsyncDisposable {
  readonly port: number
  readonly url: string
  #server: Server | undefined

  constructor(server: Server) {
    const at = server.address() as AddressInfo
    this.port = at.port
    this.url = urlOf(at, 'http')
    this.#server = server
  }

  /** The bound server, whose socket a listener takes over: `listen(server)`. From then on the listener closes it. */
  take(): Server {
    const server = this.#server
    if (server === undefined) throw new Error('the port is not reserved any more')
    this.#server = undefined
    return server
  }

  /** Closes the port, unless a listener has taken it over. */
  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    await once(server, 'close')
  }
}

/** Binds a port. Throws ConfigurationError if that is not possible. */
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
 * Finds the port that workers will share. Throws ConfigurationError if another server listens there: sockets that share a port
 * would also share it with those of another server. A port that the system chooses stays reserved until the result is disposed,
 * which has to happen when the workers listen.
 */
export async function reserveSharedPort(address: Address): Promise<ReservedPort> {
  const staysReserved = hasOwnSockets && address.port === 0
  const reserved = await reservePort(address, { reusePort: staysReserved })
  if (!staysReserved) await reserved[Symbol.asyncDispose]()
  return reserved
}

export function cannotListen({ host, port }: Address, cause: unknown): ConfigurationError {
  const advice =
    (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      ? '; stop the process that uses the port, or choose another one with --listen (API), --public-listen (CRLs, OCSP) or --metrics-listen'
      : ''
  const message = `cannot listen on ${host}:${port}: ${(cause as Error).message}${advice}`
  return new ConfigurationError(message, { cause })
}

/** Returns the URL of the listener, with the port that the system chose if the address has port 0. */
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
