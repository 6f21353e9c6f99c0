/** A root CA on a running server, and signed requests to it. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { signedHeaders, type Credentials } from '../test/support/signed-request.ts'
import {
  base64,
  defaultSigningAlgorithm,
  issueInput,
  authorityInput,
} from '../test/support/hierarchy.ts'
import { readCredentials } from '../test/support/service.ts'

export interface Target {
  readonly url: string
  readonly keyAlgorithm: string
  readonly authorityArn: string
  readonly certificateArn: string
  /** PEM of the CA certificate. */
  readonly authorityCertificate: string
  readonly certificate: string
  /** Returns a complete HTTP request, signed now and valid for five minutes. */
  readonly request: (operation: string, input: unknown, url?: string) => Buffer
  /** Returns the input for IssueCertificate. */
  readonly issueInput: (csr: string) => Record<string, unknown>
  /** Calls an operation. The URL is an argument, because the server's URL changes with each start. */
  call: Call
}

type Call = (url: string, operation: string, input: unknown) => Promise<Record<string, string>>

interface Options {
  readonly keyAlgorithm: string
  readonly csr: string
  /** The RevocationConfiguration for the CA. */
  readonly revocation?: object
}

/** Creates an ACTIVE root CA and issues one certificate. */
export async function prepareTarget(
  url: string,
  credentials: Credentials,
  request: Options,
): Promise<Target> {
  const sign = createSigner(credentials)
  const call = createCaller(sign)
  const callHere = (operation: string, input: unknown): ReturnType<Call> =>
    call(url, operation, input)
  const { authorityArn, authorityCertificate } = await createRoot(callHere, request)
  const signingAlgorithm = defaultSigningAlgorithm(request.keyAlgorithm)
  const leafInput = (csr: string): Record<string, unknown> =>
    issueInput(authorityArn, csr, { signingAlgorithm })
  const { CertificateArn = '' } = await callHere('IssueCertificate', leafInput(request.csr))
  const identifiers = { CertificateAuthorityArn: authorityArn, CertificateArn }
  const { Certificate = '' } = await callHere('GetCertificate', identifiers)
  return {
    url,
    keyAlgorithm: request.keyAlgorithm,
    authorityArn,
    certificateArn: CertificateArn,
    authorityCertificate,
    certificate: Certificate,
    request: (operation, input, requestUrl = url) => {
      const { headers, body } = sign(requestUrl, operation, input)
      return encodeRequest(requestUrl, headers, body)
    },
    issueInput: leafInput,
    call,
  }
}

/** Returns the administrator's credentials for a server with this data folder. */
export function credentialsIn(data: string): Credentials {
  return readCredentials(join(data, 'credentials'))
}

type Signer = (
  url: string,
  operation: string,
  input: unknown,
) => { headers: Record<string, string>; body: string }

function createSigner(credentials: Credentials): Signer {
  return (url, operation, input) => {
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const date = new Date()
    const headers = signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
    return { headers, body }
  }
}

function createCaller(sign: Signer): Call {
  return async (url, operation, input) => {
    const response = await fetch(url, { method: 'POST', ...sign(url, operation, input) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${operation}: ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, string>)
  }
}

async function createRoot(
  call: (operation: string, input: unknown) => ReturnType<Call>,
  { keyAlgorithm, revocation }: Options,
): Promise<{ readonly authorityArn: string; readonly authorityCertificate: string }> {
  const more = revocation === undefined ? {} : { RevocationConfiguration: revocation }
  const { CertificateAuthorityArn = '' } = await call(
    'CreateCertificateAuthority',
    authorityInput({ keyAlgorithm, more }),
  )
  const { Csr = '' } = await retryInProgress(() =>
    call('GetCertificateAuthorityCsr', { CertificateAuthorityArn }),
  )
  const rootInput = issueInput(CertificateAuthorityArn, Csr, {
    template: 'RootCACertificate',
    signingAlgorithm: defaultSigningAlgorithm(keyAlgorithm),
    validity: { Value: 10, Type: 'YEARS' },
  })
  const root = await call('IssueCertificate', rootInput)
  const { Certificate = '' } = await call('GetCertificate', { CertificateAuthorityArn, ...root })
  await call('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn,
    Certificate: base64(Certificate),
  })
  return { authorityArn: CertificateAuthorityArn, authorityCertificate: Certificate }
}

function encodeRequest(url: string, headers: Record<string, string>, body: string): Buffer {
  const all = {
    host: new URL(url).host,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

async function retryInProgress<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!String(error).includes('RequestInProgressException')) throw error
      await setTimeout(20)
    }
  }
}
