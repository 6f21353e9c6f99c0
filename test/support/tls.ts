/** Certificates created with OpenSSL, and API calls over TLS with a configurable trust anchor. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'node:https'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import type { TestService } from './service.ts'
import { signedHeaders, type Credentials } from './signed-request.ts'

const run = promisify(execFile)

/** Paths of a self-signed certificate and its private key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** Creates a self-signed certificate for localhost. */
export async function makeCertificate(folder: string, name: string): Promise<CertificateFiles> {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  const config = join(folder, `${name}.cnf`)
  await writeFile(
    config,
    `[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\n[dn]\nCN = ${name}\n` +
      '[ext]\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n',
  )
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout'
  const argv = `req -x509 -days 5 -config ${config} -out ${files.cert} ${key} ${files.key}`
  await run('openssl', argv.split(' '))
  return files
}

export interface TlsCall {
  /** PEM of the CA certificate that the client trusts. */
  readonly ca: string
  /** Client certificate; if undefined, the client sends none. */
  readonly client?: CertificateFiles
  /** Whether to accept any server certificate, for tests whose clock differs from the system's. */
  readonly acceptsAnyCertificate?: boolean
  /** Credentials for signing the call; the administrator's by default. */
  readonly credentials?: Credentials
}

export interface TlsAnswer {
  readonly status: number
  readonly json: Record<string, unknown>
  readonly peer: PeerCertificate
  /** TLS version, such as `TLSv1.3`. */
  readonly protocol: string | null
}

/** Makes a signed call over a new connection. */
export async function callOverTls(
  service: TestService,
  { ca, client, acceptsAnyCertificate = false, credentials = service.credentials }: TlsCall,
  operation = 'ListCertificateAuthorities',
): Promise<TlsAnswer> {
  const body = '{}'
  const { url } = service
  const headers = signedHeaders({
    url,
    target: `ACMPrivateCA.${operation}`,
    body,
    region: 'eu-west-1',
    credentials,
    date: service.clock.now(),
  })
  const clientCertificate = client && {
    cert: readFileSync(client.cert),
    key: readFileSync(client.key),
  }
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers,
      ca,
      agent: false,
      rejectUnauthorized: !acceptsAnyCertificate,
      ...clientCertificate,
    } as const
    const sent = request(url, options, (response) => {
      const socket = response.socket as TLSSocket
      const [peer, protocol] = [socket.getPeerCertificate(true), socket.getProtocol()]
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          json: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
          peer,
          protocol,
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
