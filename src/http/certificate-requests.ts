/** Decides for each connection whether its TLS handshake requests a client certificate. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { HandshakeBudget } from './handshake-budget.ts'

export interface CertificateRequestOptions {
  readonly budget: HandshakeBudget
  /** Whether any handler uses client certificates at present. */
  readonly isUsed: () => boolean | Promise<boolean>
}

/**
 * Requests client certificates only while handlers use them, and only from sources within their budget. Every other client
 * completes the handshake without a certificate. Node.js reads `requestCert` when a handshake begins.
 */
export function limitCertificateRequests(
  server: Server & { requestCert?: unknown },
  { budget, isUsed }: CertificateRequestOptions,
): void {
  const ends = new Map<string, (isFree: boolean) => void>()
  const [beginHandshake, ...others] = server.listeners('connection')
  if (beginHandshake === undefined || others.length > 0)
    throw new Error('a TLS server must have exactly one connection listener')
  const begin = (socket: Socket, isRequested: boolean): void => {
    const { remoteAddress } = socket
    if (socket.destroyed || remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const handshake = isRequested ? budget.begin(remoteAddress) : undefined
    if (handshake !== undefined) {
      const name = nameOf(socket)
      const end = (isFree: boolean): void => {
        handshake.end(isFree ? 0 : socket.bytesRead)
        // A new connection can use the same port before the old connection is closed.
        if (ends.get(name) === end) ends.delete(name)
      }
      ends.set(name, end)
      socket.once('close', () => end(false))
    }
    server.requestCert = handshake !== undefined
    beginHandshake.call(server, socket)
  }
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const used = isUsed()
    if (typeof used === 'boolean') {
      begin(socket, used)
      return
    }
    const ignore = (): void => undefined
    socket.on('error', ignore)
    used
      .then((isRequested) => begin(socket, isRequested))
      .catch((error: unknown) => socket.destroy(error as Error))
  })
  server.on('secureConnection', (socket: TLSSocket) =>
    ends.get(nameOf(socket))?.(socket.getPeerX509Certificate() === undefined),
  )
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Returns whether the handshake of a connection requested a client certificate. Listeners without TLS request none. */
export function wasCertificateRequested(socket: Socket): boolean {
  return 'authorizationError' in socket && socket.authorizationError !== null
}
