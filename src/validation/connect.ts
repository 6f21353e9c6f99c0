/**
 * TCP connections to hosts. Each address is checked and then used without a second lookup, because a second lookup could return a
 * different address.
 */
import { once, type EventEmitter } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connectionFailure, ValidationError } from './problem.ts'
import type { Attempt } from './attempt.ts'

/** Maximum number of addresses of one host that are tried. */
const addressesMax = 4

export interface Connection {
  readonly socket: Socket
  /** Description of the peer, such as `host.example (10.0.0.1) port 80`. */
  readonly peer: string
}

/**
 * Connects to a host name or an address. Tries the first four permitted addresses in turn, starting with an IPv6 address. Rejects
 * with ValidationError. The caller must destroy the socket.
 */
export async function connectTo(attempt: Attempt, host: string, port: number): Promise<Connection> {
  const isLiteral = isIP(host) !== 0
  if (!isLiteral) attempt.note(`looking up the addresses of ${host}`)
  const addresses = isLiteral ? [host] : await attempt.dns.addressesOf(host)
  const decisions = addresses.map((address) => attempt.addressPolicy(address, port))
  const permitted = decisions.flatMap((each) => ('permitted' in each ? [each.permitted] : []))
  if (permitted.length === 0) {
    const faults = decisions.flatMap((each) => ('fault' in each ? [each.fault] : []))
    throw new ValidationError(
      'connection',
      `No connection to ${describe(host, faults.slice(0, 2).join('; '))}`,
    )
  }
  const failures: string[] = []
  for (const address of permitted.slice(0, addressesMax)) {
    attempt.note(`connecting to ${address} port ${port}`)
    try {
      const socket = await openSocket(attempt, address, port)
      return { socket, peer: `${isLiteral ? address : `${host} (${address})`} port ${port}` }
    } catch (error) {
      attempt.signal.throwIfAborted()
      failures.push(`${address} port ${port}: ${connectionFailure(error)}`)
    }
  }
  throw new ValidationError(
    'connection',
    `Cannot connect to ${describe(host, failures.join('; '))}`,
    { isRetryable: true },
  )
}

/** Prepends a host name to the reasons for a failure. A reason that concerns one address already starts with the address. */
function describe(host: string, reasons: string): string {
  return reasons.startsWith(host) ? reasons : `${host}: ${reasons}`
}

/** Waits for an event of a stream. Rejects if the stream fails or closes first, or if `signal` is aborted. */
export async function eventOf(
  stream: EventEmitter,
  event: string,
  aborted: AbortSignal,
): Promise<unknown[]> {
  const settled = new AbortController()
  const signal = AbortSignal.any([aborted, settled.signal])
  const closing = async (): Promise<never> => {
    await once(stream, 'close', { signal })
    throw new Error('closed')
  }
  try {
    return await Promise.race([once(stream, event, { signal }), closing()])
  } finally {
    settled.abort()
  }
}

async function openSocket(
  { signal, limits }: Attempt,
  host: string,
  port: number,
): Promise<Socket> {
  const timeout = new AbortController()
  const timer = setTimeout(
    () => timeout.abort(Object.assign(new Error('connect'), { code: 'ETIMEDOUT' })),
    limits.connectMilliseconds,
  )
  // The attempt's signal also destroys the socket after the connection has been established.
  const socket = connect({ host, port, signal })
  // An unhandled error event would end the process.
  socket.on('error', () => {})
  try {
    await eventOf(socket, 'connect', timeout.signal)
    return socket
  } catch (error) {
    socket.destroy()
    throw timeout.signal.aborted ? timeout.signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}
