/**
 * How workers share the port of the public listener. On Linux each has a socket of its own (SO_REUSEPORT) and the system
 * deals out connections: clients of OCSP make one for each request, which would be dear to hand over, and one that waits
 * for a worker that is killed is reset, not forgotten. Other systems do not deal them out evenly; there the primary does,
 * as it does everywhere for the API, whose connections are few and stay (docs/decisions/0014).
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import type { Listener } from '../http/listener.ts'
import type { Address } from '../settings/parse-values.ts'

/** Whether each worker listens on a socket of its own. */
export const hasOwnSockets = process.platform === 'linux'

/** The port that a server listens on. */
export function portOf({ server }: Pick<Listener, 'server'>): number {
  return (server.address() as AddressInfo).port
}

/**
 * Sockets that share a port would share it with those of another server, too. Throws ConfigurationError if anybody listens
 * there already.
 */
export async function requireFree({ host, port }: Address): Promise<void> {
  if (!hasOwnSockets || port === 0) return
  const probe = createServer()
  try {
    probe.listen({ host, port, exclusive: true })
    await once(probe, 'listening')
  } catch (error) {
    throw cannotListen({ host, port }, error)
  }
  probe.close()
  await once(probe, 'close')
}

export function cannotListen({ host, port }: Address, cause: unknown): ConfigurationError {
  return new ConfigurationError(`cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
    cause,
  })
}
