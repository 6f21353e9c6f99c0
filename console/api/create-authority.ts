/**
 * Creates a CA with the same sequence of calls as an AWS client. If the CA's issuer is on this server, the CA also gets its
 * certificate.
 */
import { certifyAuthority, readCsr, type Issuer, type Step } from './certify-authority.ts'
import type { Client } from './client.ts'
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

export interface AuthorityRequest {
  readonly type: 'ROOT' | 'SUBORDINATE'
  readonly keyAlgorithm: KeyAlgorithm
  readonly subject: Subject
  readonly usageMode: 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
  readonly revocation: RevocationConfiguration
  /** Token that identifies the request, so that a second attempt does not create a second CA. */
  readonly idempotencyToken: string
  /** The CA that signs a subordinate CA; undefined for a root, or if the issuer is on another server. */
  readonly issuer: Issuer | undefined
  readonly years: number
  /** Maximum number of CA levels below a subordinate CA. */
  readonly pathLength: number
}

/**
 * Returns the steps of a request to create a CA. A subordinate CA whose issuer is on another server remains without a
 * certificate.
 */
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

/**
 * Creates the CA and resolves to its ARN. After a failure, another call with the same request continues where the failed call
 * stopped.
 */
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
  const Csr = await readCsr(client, arn)
  if (!stepsOf(request).includes('issue')) return arn
  const isRoot = request.issuer === undefined
  const issuer = request.issuer ?? {
    arn,
    signingAlgorithm: signingAlgorithms[request.keyAlgorithm],
  }
  await certifyAuthority(
    client,
    {
      arn,
      csr: Csr,
      issuer,
      isRoot,
      template: templateOf(request),
      validity: { Type: 'YEARS', Value: request.years },
      idempotencyToken: request.idempotencyToken,
    },
    onStep,
  )
  return arn
}
