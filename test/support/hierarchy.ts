/** CAs and certificates made through the API, with good defaults that a test changes one at a time. */
import { setTimeout } from 'node:timers/promises'
import type { ApiCaller, CallOptions } from './service.ts'

export const templateArn = (name: string): string => `arn:aws:acm-pca:::template/${name}/V1`

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

export interface AuthorityWish {
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

/** Input of CreateCertificateAuthority. */
export function authorityInput(wish: AuthorityWish = {}): Record<string, unknown> {
  const { type = 'ROOT', keyAlgorithm = 'EC_prime256v1', subject, more } = wish
  return {
    CertificateAuthorityType: type,
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: keyAlgorithm,
      SigningAlgorithm: wish.signingAlgorithm ?? defaultSigningAlgorithm(keyAlgorithm),
      Subject: subject ?? { Organization: 'Signet Test', CommonName: `${type} ${keyAlgorithm}` },
    },
    ...more,
  }
}

/** Creates a CA and waits for its CSR. */
export async function createAuthority(
  service: ApiCaller,
  wish: AuthorityWish = {},
): Promise<{ arn: string; csr: string }> {
  const { options } = wish
  const created = await service.must('CreateCertificateAuthority', authorityInput(wish), options)
  const arn = created.CertificateAuthorityArn as string
  for (;;) {
    const answer = await service.call(
      'GetCertificateAuthorityCsr',
      { CertificateAuthorityArn: arn },
      options,
    )
    if (answer.status === 200) return { arn, csr: answer.json['Csr'] as string }
    if (answer.json['__type'] !== 'RequestInProgressException') throw new Error(answer.text)
    await setTimeout(10)
  }
}

export interface CertificateWish {
  readonly template?: string
  readonly validity?: { readonly Value: number; readonly Type: string }
  readonly signingAlgorithm?: string
  readonly more?: Record<string, unknown>
  readonly options?: CallOptions
}

/** Input of IssueCertificate. */
export function issueInput(
  authorityArn: string,
  csrPem: string,
  wish: CertificateWish = {},
): Record<string, unknown> {
  return {
    CertificateAuthorityArn: authorityArn,
    Csr: base64(csrPem),
    SigningAlgorithm: wish.signingAlgorithm ?? 'SHA256WITHECDSA',
    Validity: wish.validity ?? { Value: 30, Type: 'DAYS' },
    ...(wish.template === undefined ? {} : { TemplateArn: templateArn(wish.template) }),
    ...wish.more,
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
  wish: CertificateWish = {},
): Promise<Issued> {
  const input = issueInput(authority.arn, authority.csr, wish)
  const { CertificateArn } = await service.must('IssueCertificate', input, wish.options)
  const where = { CertificateAuthorityArn: authority.arn, CertificateArn }
  const found = await service.must('GetCertificate', where, wish.options)
  return { arn: CertificateArn, certificate: found.Certificate, chain: found.CertificateChain }
}

/** An ACTIVE root. */
export async function createRoot(
  service: ApiCaller,
  wish: AuthorityWish & { readonly validity?: { Value: number; Type: string } } = {},
): Promise<{ arn: string; csr: string; certificate: string }> {
  const root = await createAuthority(service, wish)
  const keyAlgorithm = wish.keyAlgorithm ?? 'EC_prime256v1'
  const { certificate } = await issue(service, root, {
    template: 'RootCACertificate',
    validity: wish.validity ?? { Value: 10, Type: 'YEARS' },
    signingAlgorithm: wish.signingAlgorithm ?? defaultSigningAlgorithm(keyAlgorithm),
    ...(wish.options && { options: wish.options }),
  })
  const input = { CertificateAuthorityArn: root.arn, Certificate: base64(certificate) }
  await service.must('ImportCertificateAuthorityCertificate', input, wish.options)
  return { ...root, certificate }
}

/** An ACTIVE subordinate below `parent`. */
export async function createSubordinate(
  service: ApiCaller,
  parent: { readonly arn: string },
  wish: AuthorityWish & {
    readonly pathLen?: number
    readonly validity?: { Value: number; Type: string }
    readonly parentSigningAlgorithm?: string
  } = {},
): Promise<{ arn: string; csr: string; certificate: string; chain: string }> {
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE', ...wish })
  const { certificate, chain = '' } = await issue(
    service,
    { arn: parent.arn, csr: subordinate.csr },
    {
      template: `SubordinateCACertificate_PathLen${wish.pathLen ?? 0}`,
      validity: wish.validity ?? { Value: 5, Type: 'YEARS' },
      signingAlgorithm: wish.parentSigningAlgorithm ?? 'SHA256WITHECDSA',
    },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    Certificate: base64(certificate),
    CertificateChain: base64(chain),
  })
  return { ...subordinate, certificate, chain }
}
