/** A root CA on a running server, and signed requests to send to it again and again. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { signedHeaders } from '../test/support/signed-request.ts'
import {
  base64,
  defaultSigningAlgorithm,
  issueInput,
  authorityInput,
} from '../test/support/hierarchy.ts'
import { readCredentials } from '../test/support/service.ts'

export interface Target {
  /** Whole HTTP requests, signed now: good for five minutes. */
  issueRequest(): Buffer
  getRequest(): Buffer
}

/** Makes an ACTIVE root and one certificate below it. */
export async function prepareTarget(
  url: string,
  data: string,
  { keyAlgorithm, csr }: { readonly keyAlgorithm: string; readonly csr: string },
): Promise<Target> {
  const credentials = readCredentials(join(data, 'credentials'))
  const signed = (
    operation: string,
    input: unknown,
  ): { headers: Record<string, string>; body: string } => {
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const headers = signedHeaders({
      url,
      target,
      body,
      region: 'eu-west-1',
      credentials,
      date: new Date(),
    })
    return { headers, body }
  }
  const call = async (operation: string, input: unknown): Promise<Record<string, string>> => {
    const response = await fetch(url, { method: 'POST', ...signed(operation, input) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${operation}: ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, string>)
  }
  const signingAlgorithm = defaultSigningAlgorithm(keyAlgorithm)
  const { CertificateAuthorityArn = '' } = await call(
    'CreateCertificateAuthority',
    authorityInput({ keyAlgorithm }),
  )
  const { Csr = '' } = await retried(() =>
    call('GetCertificateAuthorityCsr', { CertificateAuthorityArn }),
  )
  const rootInput = issueInput(CertificateAuthorityArn, Csr, {
    template: 'RootCACertificate',
    signingAlgorithm,
    validity: { Value: 10, Type: 'YEARS' },
  })
  const root = await call('IssueCertificate', rootInput)
  const { Certificate = '' } = await call('GetCertificate', { CertificateAuthorityArn, ...root })
  await call('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn,
    Certificate: base64(Certificate),
  })
  const leafInput = issueInput(CertificateAuthorityArn, csr, { signingAlgorithm })
  const leaf = await call('IssueCertificate', leafInput)
  const whole = (operation: string, input: unknown): Buffer => {
    const { headers, body } = signed(operation, input)
    const lines = Object.entries({
      host: new URL(url).host,
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
    })
    return Buffer.from(
      `POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    )
  }
  return {
    issueRequest: () => whole('IssueCertificate', leafInput),
    getRequest: () => whole('GetCertificate', { CertificateAuthorityArn, ...leaf }),
  }
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
