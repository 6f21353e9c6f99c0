/** Channel bindings: values that are unique to a TLS connection and known to both of its ends. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Label and length of a tls-exporter value (RFC 9266 §2). */
const exporterLabel = 'EXPORTER-Channel-Binding'
const exporterBytes = 32

/**
 * Returns the channel binding of a server's TLS connection, in base64. With TLS 1.3, the channel binding is tls-exporter (RFC
 * 9266). With TLS 1.2, the channel binding is tls-unique (RFC 5929 §3.1), which is the client's Finished message in a full
 * handshake. Returns undefined for a resumed TLS 1.2 session, because an attacker can make tls-unique equal on two resumed
 * connections (RFC 7627 §1).
 */
export function channelBindingOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  if (socket.getProtocol() === 'TLSv1.3')
    return socket
      .exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
      .toString('base64')
  if (socket.isSessionReused()) return undefined
  return socket.getPeerFinished()?.toString('base64')
}
