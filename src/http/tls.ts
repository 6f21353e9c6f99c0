/** TLS settings for a listener (RFC 8446): its certificate, client authentication, protocol versions and ciphers. */
import { constants } from 'node:crypto'
import { createServer } from 'node:https'
import type { RequestListener, Server } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'

/** A listener's certificates and key, in PEM. */
export interface TlsMaterial {
  /** The certificate and its intermediate CA certificates, without the root. */
  readonly cert: string
  readonly key: string
  /** CAs that client certificates must chain to; undefined if clients need no certificate. */
  readonly ca: string | undefined
  /**
   * Whether a certificate is requested from each client, who may send any certificate or none. Handlers verify it. `ca` is then
   * undefined.
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

/** Maximum number of certificates that are read from a client, more than any chain has. */
const presentedMax = 10

/**
 * Returns the certificates that the client sent in the handshake, in DER, its own first. Undefined if it sent none. They are not
 * verified.
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
  // The server trusts no CA here, so that OpenSSL builds no chain from certificates that the client did not send.
  ca: [],
  requestCert: true,
  rejectUnauthorized: false,
  // A resumed session has only the first certificate of the client. Without tickets no session is resumed.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
}
