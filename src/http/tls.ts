/**
 * TLS settings for a listener (RFC 8446), which determine its certificate, client authentication, protocol versions and
 * ciphers.
 */
import { constants } from 'node:crypto'
import { createServer } from 'node:https'
import type { RequestListener, Server } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'

/** A listener's certificates and key, in PEM. */
export interface TlsMaterial {
  /** The listener's certificate, followed by its intermediate CA certificates. The root certificate is not included. */
  readonly cert: string
  readonly key: string
  /** CAs that client certificates must chain to, or undefined if clients do not need a certificate. */
  readonly ca: string | undefined
  /**
   * Whether the server requests a certificate from each client. A client may send any certificate or no certificate, and the
   * request handlers verify what it sends. If the value is true, `ca` must be undefined.
   */
  readonly requestsAnyCertificate?: boolean
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

/** Creates an HTTPS server that does not listen yet. `options` are options for a node:http server. */
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

/** Replaces the certificate for new connections. Existing connections keep the old certificate. */
export function showCertificate(
  { server }: { readonly server: Server },
  material: TlsMaterial,
): void {
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function')
    server.setSecureContext(contextOf(material))
}

/** Maximum number of certificates that the server reads from a client. Real chains are shorter. */
const presentedMax = 10

/**
 * Returns the DER of the unverified certificates that the client sent in the TLS handshake. The client's own certificate is the
 * first. Returns undefined if the client sent no certificate.
 */
export function presentedCertificates(socket: Socket): Buffer[] | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const chain: Buffer[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < presentedMax) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain.length === 0 ? undefined : chain
}

function contextOf({ cert, key, ca, requestsAnyCertificate = false }: TlsMaterial): object {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    // All TLS 1.2 ciphers provide forward secrecy and authenticated encryption (RFC 9325 §4.2).
    ciphers,
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
    ...(requestsAnyCertificate && anyCertificate),
  }
}

const anyCertificate = {
  // The TLS server does not trust any CA. OpenSSL therefore builds chains only from certificates that the client sent.
  ca: [],
  requestCert: true,
  rejectUnauthorized: false,
  // A resumed session contains only the first of the client's certificates. Without session tickets, no session is resumed.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
}
