/** Issues a CA certificate and installs it, with the same sequence of calls as an AWS client. */
import type { ApiPassthrough, Validity } from '../../client/shapes.ts'
import { toBase64, type Client } from './client.ts'
import { toApiError } from './errors.ts'

export type Step = 'create' | 'key' | 'issue' | 'import'

export const stepTexts: Readonly<Record<Step, string>> = {
  create: 'Creating the CA',
  key: 'Generating its key',
  issue: 'Issuing its certificate',
  import: 'Installing the certificate',
}

export interface Issuer {
  readonly arn: string
  readonly signingAlgorithm: string
}

export interface CaCertificateRequest {
  /** ARN of the CA that receives the certificate. */
  readonly arn: string
  /** CSR of the CA in PEM. */
  readonly csr: string
  readonly issuer: Issuer
  readonly isRoot: boolean
  /** Name of the template. */
  readonly template: string
  readonly apiPassthrough?: ApiPassthrough
  readonly validity: Validity
  readonly idempotencyToken: string
}

export async function certifyAuthority(
  client: Client,
  request: CaCertificateRequest,
  onStep: (step: Step) => void,
): Promise<void> {
  const { arn, csr, issuer, isRoot, template, apiPassthrough, validity } = request
  onStep('issue')
  const { CertificateArn } = await client.call('IssueCertificate', {
    CertificateAuthorityArn: issuer.arn,
    Csr: toBase64(csr),
    SigningAlgorithm: issuer.signingAlgorithm,
    TemplateArn: `arn:${arn.split(':')[1]}:acm-pca:::template/${template}/V1`,
    Validity: validity,
    IdempotencyToken: request.idempotencyToken,
    ...(apiPassthrough && { ApiPassthrough: apiPassthrough }),
  })
  const issued = { CertificateAuthorityArn: issuer.arn, CertificateArn }
  const { Certificate, CertificateChain } = await retryWhilePending(() =>
    client.call('GetCertificate', issued),
  )
  onStep('import')
  await client.call('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: arn,
    Certificate: toBase64(Certificate),
    ...(!isRoot &&
      CertificateChain !== undefined && { CertificateChain: toBase64(CertificateChain) }),
  })
}

/** Returns the CSR of a CA in PEM. Waits until the key of a new CA has been generated. */
export async function readCsr(client: Client, arn: string): Promise<string> {
  const input = { CertificateAuthorityArn: arn }
  return (await retryWhilePending(() => client.call('GetCertificateAuthorityCsr', input))).Csr
}

const pollMilliseconds = 400
/** Generating an RSA key can take a minute. */
const attemptsMax = 300

async function retryWhilePending<Value>(call: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await call()
    } catch (error) {
      const isPending = toApiError(error).code === 'RequestInProgressException'
      if (!isPending || attempt === attemptsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
    }
}
