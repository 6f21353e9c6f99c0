/** TLS settings for a listener (RFC 8446): its certificate, client authentication, protocol versions and ciphers. */
import { createServer } from 'node:https'
import type { RequestListener, Server } from 'node:http'

/** A listener's certificates and key, in PEM. */
export interface TlsMaterial {
  /** The certificate and its intermediate CA certificates, without the root. */
  readonly cert: string
  readonly key: string
  /** CAs that client certificates must chain to; undefined if clients need no certificate. */
  readonly ca: string | undefined
}

const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':')

/** Timeout for a TLS handshake. */
const handshakeMilliseconds = 10_000

/** Creates an https server that does not listen yet. `options` are node:http server options. */
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

/** Replaces the certificate for new connections. Existing connections are not affected. */
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
    // All TLS 1.2 ciphers provide forward secrecy and authenticated encryption (RFC 9325 §4.2).
    ciphers,
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
  }
}
