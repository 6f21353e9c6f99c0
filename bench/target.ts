/** A root CA on a running server, and signed requests to send to it again and again. */
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
  /** PEM. */
  readonly authorityCertificate: string
  readonly certificate: string
  /** A whole HTTP request, signed now: good for five minutes. */
  readonly request: (operation: string, input: unknown, url?: string) => Buffer
  /** Input of IssueCertificate. */
  readonly issueInput: (csr: string) => Record<string, unknown>
  /** One call, at the URL that the server has now. */
  call: Call
}

type Call = (url: string, operation: string, input: unknown) => Promise<Record<string, string>>

interface Options {
  readonly keyAlgorithm: string
  readonly csr: string
  /** RevocationConfiguration. */
  readonly revocation?: object
}

/** Makes an ACTIVE root and one certificate below it. */
export async function prepareTarget(
  url: string,
  credentials: Credentials,
  request: Options,
): Promise<Target> {
  const sign = createSigner(credentials)
  const call = createCaller(sign)
  const here = (operation: string, input: unknown): ReturnType<Call> => call(url, operation, input)
  const { authorityArn, authorityCertificate } = await createRoot(here, request)
  const signingAlgorithm = defaultSigningAlgorithm(request.keyAlgorithm)
  const leafInput = (csr: string): Record<string, unknown> =>
    issueInput(authorityArn, csr, { signingAlgorithm })
  const { CertificateArn = '' } = await here('IssueCertificate', leafInput(request.csr))
  const about = { CertificateAuthorityArn: authorityArn, CertificateArn }
  const { Certificate = '' } = await here('GetCertificate', about)
  return {
    url,
    keyAlgorithm: request.keyAlgorithm,
    authorityArn,
    certificateArn: CertificateArn,
    authorityCertificate,
    certificate: Certificate,
    request: (operation, input, at = url) => {
      const { headers, body } = sign(at, operation, input)
      return wholeRequest(at, headers, body)
    },
    issueInput: leafInput,
    call,
  }
}

/** The administrator's, of a server on that data folder. */
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
  return async (at, operation, input) => {
    const response = await fetch(at, { method: 'POST', ...sign(at, operation, input) })
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
  const { Csr = '' } = await retried(() =>
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

function wholeRequest(url: string, headers: Record<string, string>, body: string): Buffer {
  const all = {
    host: new URL(url).host,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!String(error).includes('RequestInProgressException')) throw error
      await setTimeout(20)
    }
  }
}
