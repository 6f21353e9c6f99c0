/** A service's EST endpoints, and requests to them. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CsrOptions } from '../../client/key-pair.ts'
import { makeRequest } from '../../client/key-pair.ts'
import type { EstOptions } from '../../src/admin-commands/enrollment/configuration.ts'
import { addEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { addPassword } from '../../src/admin-commands/enrollment/passwords.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { enrollRequest, type EnrollAnswer, type EnrollServer } from './enroll.ts'
import type { TestService } from './service.ts'

/** A private key with a CSR or certificate, in PEM. */
export interface ClientKey {
  readonly key: string
  readonly csr: string
}

/** A client certificate with its key, in PEM. */
export interface ClientCertificate {
  readonly key: string
  readonly cert: string
}

/** Creates an EST endpoint for a CA. By default, the endpoint accepts certificates and passwords. */
export async function createEndpoint(
  { config }: Pick<TestService, 'config'>,
  name: string,
  options: EstOptions & { readonly ca: string },
): Promise<void> {
  await addEndpoint(config, name, { protocol: 'est', ...options })
}

/** Creates a one-time password, and returns the credentials for HTTP Basic. */
export async function createPassword(
  { config }: Pick<TestService, 'config'>,
  endpointName: string,
  options: { readonly names?: string; readonly expiresSeconds?: number } = {},
): Promise<string> {
  const created = await addPassword(config, endpointName, {
    names: '*',
    expiresSeconds: 30 * 86_400,
    ...options,
  })
  return `${created.UserName}:${created.Password}`
}

/** Creates a key and a CSR. */
export function clientKey(options: Partial<CsrOptions> = {}): Promise<ClientKey> {
  return makeRequest({
    keyAlgorithm: 'EC_prime256v1',
    names: ['device-1.corp.example'],
    ...options,
  })
}

export interface EstCall {
  readonly method?: string
  /** CSR in PEM, or a complete request body. */
  readonly csr?: string
  readonly body?: string | Uint8Array
  /** User name and password, joined by a colon. */
  readonly credentials?: string | undefined
  readonly client?: ClientCertificate | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Agent with an open connection; by default, each request opens a new connection. */
  readonly agent?: Agent
}

/** Sends a request to an operation of an EST endpoint, such as `devices/simpleenroll`. */
export async function estCall(
  server: EnrollServer,
  operation: string,
  { method, csr, body, credentials, client, headers, maxVersion, agent }: EstCall = {},
): Promise<EnrollAnswer> {
  const content = body ?? (csr === undefined ? undefined : csrBody(csr))
  const answer = await enrollRequest(server, `/.well-known/est/${operation}`, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    ...(content !== undefined && { body: content }),
    ...(client && { key: client.key, cert: client.cert }),
    ...(maxVersion && { maxVersion }),
    ...(agent && { agent }),
    headers: {
      ...(content !== undefined && { 'content-type': 'application/pkcs10' }),
      ...(credentials !== undefined && { authorization: basic(credentials) }),
      ...headers,
    },
  })
  const { status, text } = answer
  if (status >= 400 && method !== 'HEAD' && !/^[A-Z][^]*[^.]\.\n$/.test(text))
    throw new Error(`the error is not a sentence: ${text}`)
  return answer
}

export function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** Returns the request body for a PEM CSR: the CSR in base64. */
export function csrBody(pem: string): string {
  return Buffer.from(parsePem(pem)[0]?.der ?? []).toString('base64')
}

/** Returns the PEM certificates that OpenSSL reads from a base64 certs-only message. */
export function certificatesIn(base64: string): string[] {
  const printed = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], {
    input: Buffer.from(base64, 'base64'),
  }).toString()
  return printed.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []
}

/** Asserts that a response has status 200, and returns its only certificate. */
export function certificateOf({ status, text }: EnrollAnswer): string {
  const [certificate, ...others] = status === 200 ? certificatesIn(text) : []
  if (certificate === undefined || others.length > 0) throw new Error(`${status} ${text}`)
  return certificate
}

/** Enrolls a client with a new password. */
export async function enrolled(
  service: TestService,
  endpointName: string,
  options: Partial<CsrOptions> = {},
): Promise<ClientCertificate & ClientKey> {
  const credentials = await createPassword(service, endpointName)
  const { key, csr } = await clientKey(options)
  const answer = await estCall(service, `${endpointName}/simpleenroll`, { csr, credentials })
  return { key, csr, cert: certificateOf(answer) }
}

/** Writes texts to files in a new folder, and removes the folder after `use`. */
export async function withFiles<T>(
  texts: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-est-'))
  try {
    for (const [file, text] of Object.entries(texts)) await writeFile(join(folder, file), text)
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
