/** The TLS side of a listener (RFC 8446): what it shows, and whom it asks for a certificate. */
import { createServer } from 'node:https'
import type { RequestListener, Server } from 'node:http'

/** PEM texts. */
export interface TlsMaterial {
  /** Certificate, and those above it but the root. */
  readonly cert: string
  readonly key: string
  /** CAs of which clients must have a certificate; undefined if they need none. */
  readonly ca: string | undefined
}

const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':')

/** How long a handshake may take. */
const handshakeMilliseconds = 10_000

/** An https server, not yet listening; `options` are those of node:http. */
export function createTlsServer(
  material: TlsMaterial,
  options: object,
  handler: RequestListener,
): Server {
  return createServer(
    { ...options, ...contextOf(material), handshakeTimeout: handshakeMilliseconds },
    handler,
  )
}

/** Shows another certificate from now on; connections that there are keep theirs. */
export function showCertificate(
  { server }: { readonly server: Server },
  material: TlsMaterial,
): void {
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function')
    server.setSecureContext(contextOf(material))
}

function contextOf({ cert, key, ca }: TlsMaterial): object {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    // Of TLS 1.2 only what has forward secrecy and authenticates what it encrypts (RFC 9325 §4.2).
    ciphers,
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
  }
}
