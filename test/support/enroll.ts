/** Sends requests to the enrollment listener. */
import { request, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'

export interface EnrollAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The response body parsed as JSON; undefined if it is not JSON. */
  readonly json: Record<string, unknown> | undefined
  /** The enrollment listener's certificate, with its issuers. */
  readonly peer: PeerCertificate
}

/** Options of `node:https`, such as a client certificate, and a request body. */
export interface EnrollRequest extends RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** The enrollment listener of a service or process. */
export interface EnrollServer {
  readonly enrollUrl: string
  /** PEM of the root certificate that the client trusts. */
  readonly enrollRoot: string
}

/**
 * Sends a request over a new connection to 127.0.0.1, regardless of the URL's host. The listener's certificate must be valid for
 * the host name in the URL. `options` may contain a client certificate and headers.
 */
export function enrollRequest(
  { enrollUrl, enrollRoot }: EnrollServer,
  path: string,
  { body, headers, ...options }: EnrollRequest = {},
): Promise<EnrollAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(enrollUrl)
    const sent = request(
      {
        host: '127.0.0.1',
        port: url.port,
        path,
        ca: enrollRoot,
        agent: false,
        // TLS server names cannot be IP addresses.
        ...(isHostName(url.hostname) && { servername: url.hostname }),
        ...options,
        headers: { host: url.host, ...headers },
      },
      (response) => {
        const peer = (response.socket as TLSSocket).getPeerCertificate(true)
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const { statusCode: status = 0, headers: received } = response
          resolve({ status, headers: received, text, json: jsonOf(text), peer })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function isHostName(hostname: string): boolean {
  return isIP(hostname.replaceAll(/[[\]]/g, '')) === 0
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
