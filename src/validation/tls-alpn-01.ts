import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Identifier } from '../enrollment/identifier.ts'
import { parseIpAddress } from '../text/ip-address.ts'
import type { Attempt, Challenge } from './attempt.ts'
import { certificateFault } from './challenge-certificate.ts'
import { connectTo } from './connect.ts'
import { ValidationError } from './problem.ts'
import { startTls } from './start-tls.ts'

const acmeProtocol = 'acme-tls/1'

/**
 * Validates a tls-alpn-01 challenge (RFC 8737 §3, RFC 8738 §6). Resolves if the validation succeeds; otherwise rejects with
 * ValidationError.
 */
export async function validateTlsAlpn01(
  attempt: Attempt,
  { identifier, keyAuthorization }: Challenge,
): Promise<void> {
  const connection = await connectTo(attempt, identifier.value, attempt.tlsPort)
  try {
    const serverName = serverNameOf(identifier)
    const secured = await startTls(attempt, { ...connection, serverName, protocol: acmeProtocol })
    if (secured.alpnProtocol !== acmeProtocol)
      throw new ValidationError(
        'incorrectResponse',
        `The server at ${connection.peer} did not select the ALPN protocol ${acmeProtocol}`,
      )
    const der = secured.getPeerX509Certificate()?.raw
    const digest = hash('sha256', keyAuthorization, 'buffer')
    const fault =
      der === undefined ? 'is missing' : await certificateFault(der, { identifier, digest })
    if (fault !== undefined)
      throw new ValidationError(
        'incorrectResponse',
        `The certificate of ${connection.peer} for ${serverName} ${fault}`,
      )
  } finally {
    connection.socket.destroy()
  }
}

/** Returns the server name for an identifier. For an address, the server name is its reverse-lookup name (RFC 8738 §6). */
export function serverNameOf({ value }: Identifier): string {
  const bytes = parseIpAddress(value)
  if (bytes === undefined || isIP(value) === 0) return value
  if (bytes.length === 4) return `${[...bytes].toReversed().join('.')}.in-addr.arpa`
  const nibbles = Buffer.from(bytes).toString('hex').split('')
  return `${nibbles.toReversed().join('.')}.ip6.arpa`
}
