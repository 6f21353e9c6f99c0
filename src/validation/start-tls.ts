import { isIP } from 'node:net'
import { connect, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import type { Attempt } from './attempt.ts'
import { eventOf, type Connection } from './connect.ts'
import { connectionFailure, ValidationError } from './problem.ts'

interface TlsOptions extends Connection {
  /** Name in the Server Name Indication extension. An IP address is not sent as a server name (RFC 6066 §3). */
  readonly serverName: string
  /** The only protocol that is offered (ALPN). */
  readonly protocol?: string
}

/**
 * The default ciphers, except those for which the server chooses the Diffie-Hellman group. Computing in a group of 10,000 bits
 * can block the process for seconds.
 */
const ciphers = `${DEFAULT_CIPHERS}:!kDHE`

/**
 * Performs a TLS handshake (version 1.2 or later) without verifying the certificate. Rejects with ValidationError. Destroying the
 * connection's socket also ends the TLS connection.
 */
export async function startTls(
  attempt: Attempt,
  { socket, peer, serverName, protocol }: TlsOptions,
): Promise<TLSSocket> {
  attempt.note(`performing the TLS handshake with ${peer}`)
  const secured = connect({
    socket,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers,
    ...(isIP(serverName) === 0 && { servername: serverName }),
    ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
  })
  // An unhandled error event would end the process.
  secured.on('error', () => {})
  socket.once('close', () => secured.destroy())
  try {
    await eventOf(secured, 'secureConnect', attempt.signal)
    return secured
  } catch (error) {
    attempt.signal.throwIfAborted()
    const need = protocol === undefined ? '' : `; it must accept the ALPN protocol ${protocol}`
    throw new ValidationError(
      'tls',
      `TLS handshake with ${peer} failed: ${connectionFailure(error)}${need}`,
      {
        isRetryable: true,
      },
    )
  }
}
