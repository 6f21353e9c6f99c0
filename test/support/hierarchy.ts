/** Creates CAs and certificates through the API, with valid defaults that a test can override. */
import { setTimeout } from 'node:timers/promises'
import type { ApiCaller, CallOptions } from './service.ts'

export const templateArn = (name: string): string => `arn:aws:acm-pca:::template/${name}/V1`

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

export interface AuthorityOptions {
  readonly type?: 'ROOT' | 'SUBORDINATE'
  readonly keyAlgorithm?: string
  readonly signingAlgorithm?: string
  readonly subject?: Record<string, unknown>
  readonly more?: Record<string, unknown>
  readonly options?: CallOptions
}

const signingAlgorithmOf: Record<string, string> = {
  RSA_2048: 'SHA256WITHRSA',
  RSA_3072: 'SHA384WITHRSA',
  RSA_4096: 'SHA512WITHRSA',
  EC_prime256v1: 'SHA256WITHECDSA',
  EC_secp384r1: 'SHA384WITHECDSA',
  EC_secp521r1: 'SHA512WITHECDSA',
}

export function defaultSigningAlgorithm(keyAlgorithm: string): string {
  return signingAlgorithmOf[keyAlgorithm] ?? keyAlgorithm
}

/** Returns the input for CreateCertificateAuthority. */
export function authorityInput(request: AuthorityOptions = {}): Record<string, unknown> {
  const { type = 'ROOT', keyAlgorithm = 'EC_prime256v1', subject, more } = request
  return {
    CertificateAuthorityType: type,
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: keyAlgorithm,
      SigningAlgorithm: request.signingAlgorithm ?? defaultSigningAlgorithm(keyAlgorithm),
      Subject: subject ?? { Organization: 'Signet Test', CommonName: `${type} ${keyAlgorithm}` },
    },
    ...more,
  }
}

/** Time limit for creating a CA's key. A server whose clock does not advance never gives up. */
const csrSecondsMax = 120

/** Creates a CA and waits for its CSR. */
export async function createAuthority(
  service: ApiCaller,
  request: AuthorityOptions = {},
): Promise<{ arn: string; csr: string }> {
  const { options } = request
  const created = await service.must('CreateCertificateAuthority', authorityInput(request), options)
  const arn = created.CertificateAuthorityArn as string
  const until = performance.now() + csrSecondsMax * 1000
  for (;;) {
    const answer = await service.call(
      'GetCertificateAuthorityCsr',
      { CertificateAuthorityArn: arn },
      options,
    )
    if (answer.status === 200) return { arn, csr: answer.json['Csr'] as string }
    if (answer.json['__type'] !== 'RequestInProgressException') throw new Error(answer.text)
    if (performance.now() > until) throw new Error(`${arn} has no CSR after ${csrSecondsMax} s`)
    await setTimeout(10)
  }
}

export interface CertificateOptions {
  readonly template?: string
  readonly validity?: { readonly Value: number; readonly Type: string }
  readonly signingAlgorithm?: string
  readonly more?: Record<string, unknown>
  readonly options?: CallOptions
}

/** Returns the input for IssueCertificate. */
export function issueInput(
  authorityArn: string,
  csrPem: string,
  request: CertificateOptions = {},
): Record<string, unknown> {
  return {
    CertificateAuthorityArn: authorityArn,
    Csr: base64(csrPem),
    SigningAlgorithm: request.signingAlgorithm ?? 'SHA256WITHECDSA',
    Validity: request.validity ?? { Value: 30, Type: 'DAYS' },
    ...(request.template === undefined ? {} : { TemplateArn: templateArn(request.template) }),
    ...request.more,
  }
}

export interface Issued {
  readonly arn: string
  readonly certificate: string
  readonly chain: string | undefined
}

/** Issues a certificate and fetches it. */
export async function issue(
  service: ApiCaller,
  authority: { readonly arn: string; readonly csr: string },
  request: CertificateOptions = {},
): Promise<Issued> {
  const input = issueInput(authority.arn, authority.csr, request)
  const { CertificateArn } = await service.must('IssueCertificate', input, request.options)
  const arns = { CertificateAuthorityArn: authority.arn, CertificateArn }
  const found = await service.must('GetCertificate', arns, request.options)
  return { arn: CertificateArn, certificate: found.Certificate, chain: found.CertificateChain }
}

/** Creates an ACTIVE root CA. */
export async function createRoot(
  service: ApiCaller,
  request: AuthorityOptions & { readonly validity?: { Value: number; Type: string } } = {},
): Promise<{ arn: string; csr: string; certificate: string }> {
  const root = await createAuthority(service, request)
  const keyAlgorithm = request.keyAlgorithm ?? 'EC_prime256v1'
  const { certificate } = await issue(service, root, {
    template: 'RootCACertificate',
    validity: request.validity ?? { Value: 10, Type: 'YEARS' },
    signingAlgorithm: request.signingAlgorithm ?? defaultSigningAlgorithm(keyAlgorithm),
    ...(request.options && { options: request.options }),
  })
  const input = { CertificateAuthorityArn: root.arn, Certificate: base64(certificate) }
  await service.must('ImportCertificateAuthorityCertificate', input, request.options)
  return { ...root, certificate }
}

/** Creates an ACTIVE subordinate CA under `parent`. */
export async function createSubordinate(
  service: ApiCaller,
  parent: { readonly arn: string },
  request: AuthorityOptions & {
    readonly pathLen?: number
    readonly validity?: { Value: number; Type: string }
    readonly parentSigningAlgorithm?: string
  } = {},
): Promise<{ arn: string; csr: string; certificate: string; chain: string }> {
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE', ...request })
  const { certificate, chain = '' } = await issue(
    service,
    { arn: parent.arn, csr: subordinate.csr },
    {
      template: `SubordinateCACertificate_PathLen${request.pathLen ?? 0}`,
      validity: request.validity ?? { Value: 5, Type: 'YEARS' },
      signingAlgorithm: request.parentSigningAlgorithm ?? 'SHA256WITHECDSA',
    },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    Certificate: base64(certificate),
    CertificateChain: base64(chain),
  })
  return { ...subordinate, certificate, chain }
}
