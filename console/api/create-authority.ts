/** Creates a CA and, if its issuer is on this server, its certificate, with the same sequence of calls as an AWS client. */
import { toBase64 } from './base64.ts'
import type { Client } from './client.ts'
import { toApiError } from './errors.ts'
import type { RevocationConfiguration, Subject } from './types.ts'

/** The signing algorithm for each key algorithm. */
export const signingAlgorithms = {
  EC_prime256v1: 'SHA256WITHECDSA',
  EC_secp384r1: 'SHA384WITHECDSA',
  EC_secp521r1: 'SHA512WITHECDSA',
  RSA_2048: 'SHA256WITHRSA',
  RSA_3072: 'SHA384WITHRSA',
  RSA_4096: 'SHA512WITHRSA',
  ML_DSA_44: 'ML_DSA_44',
  ML_DSA_65: 'ML_DSA_65',
  ML_DSA_87: 'ML_DSA_87',
} as const

export type KeyAlgorithm = keyof typeof signingAlgorithms

interface Issuer {
  readonly arn: string
  readonly signingAlgorithm: string
}

export interface AuthorityRequest {
  readonly type: 'ROOT' | 'SUBORDINATE'
  readonly keyAlgorithm: KeyAlgorithm
  readonly subject: Subject
  readonly usageMode: 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
  readonly revocation: RevocationConfiguration
  /** Identifies the request, so that a second attempt does not create a second CA. */
  readonly idempotencyToken: string
  /** The CA that signs a subordinate CA. Undefined for a root, or if the issuer is elsewhere. */
  readonly issuer: Issuer | undefined
  readonly years: number
  /** Number of CAs that may be below a subordinate CA. */
  readonly pathLength: number
}

export type Step = 'create' | 'key' | 'issue' | 'import'

export const stepTexts: Readonly<Record<Step, string>> = {
  create: 'Creating the CA',
  key: 'Generating its key',
  issue: 'Issuing its certificate',
  import: 'Installing the certificate',
}

/** Returns the steps of a request to create a CA. A subordinate CA whose issuer is elsewhere waits for its certificate. */
export function stepsOf({ type, issuer }: Pick<AuthorityRequest, 'type' | 'issuer'>): Step[] {
  const isSigned = type === 'ROOT' || issuer !== undefined
  return isSigned ? ['create', 'key', 'issue', 'import'] : ['create', 'key']
}

export function templateOf({
  type,
  pathLength,
}: Pick<AuthorityRequest, 'type' | 'pathLength'>): string {
  return type === 'ROOT' ? 'RootCACertificate' : `SubordinateCACertificate_PathLen${pathLength}`
}

const pollMilliseconds = 400
/** Generating an RSA key can take a minute. */
const attemptsMax = 300

/** Creates the CA and resolves to its ARN. After a failure, calling it again with the same request continues where it stopped. */
export async function createAuthority(
  client: Client,
  request: AuthorityRequest,
  onStep: (step: Step) => void,
): Promise<string> {
  onStep('create')
  const { CertificateAuthorityArn: arn } = await client.call('CreateCertificateAuthority', {
    CertificateAuthorityType: request.type,
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: request.keyAlgorithm,
      SigningAlgorithm: signingAlgorithms[request.keyAlgorithm],
      Subject: request.subject,
    },
    RevocationConfiguration: request.revocation,
    UsageMode: request.usageMode,
    IdempotencyToken: request.idempotencyToken,
  })
  onStep('key')
  const input = { CertificateAuthorityArn: arn }
  const { Csr } = await retryWhilePending(() => client.call('GetCertificateAuthorityCsr', input))
  if (!stepsOf(request).includes('issue')) return arn
  onStep('issue')
  const issuer = request.issuer ?? {
    arn,
    signingAlgorithm: signingAlgorithms[request.keyAlgorithm],
  }
  const { CertificateArn } = await client.call('IssueCertificate', {
    CertificateAuthorityArn: issuer.arn,
    Csr: toBase64(Csr),
    SigningAlgorithm: issuer.signingAlgorithm,
    TemplateArn: `arn:aws:acm-pca:::template/${templateOf(request)}/V1`,
    Validity: { Type: 'YEARS', Value: request.years },
    IdempotencyToken: request.idempotencyToken,
  })
  const issued = { CertificateAuthorityArn: issuer.arn, CertificateArn }
  const { Certificate, CertificateChain } = await retryWhilePending(() =>
    client.call('GetCertificate', issued),
  )
  onStep('import')
  await client.call('ImportCertificateAuthorityCertificate', {
    ...input,
    Certificate: toBase64(Certificate),
    ...(request.issuer !== undefined &&
      CertificateChain !== undefined && { CertificateChain: toBase64(CertificateChain) }),
  })
  return arn
}

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
