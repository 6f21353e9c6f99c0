/**
 * Renews a CA: either with a new certificate for the same key, or by creating a successor with a new key. The renewal plan is the
 * same as in `signet ca renew`.
 */
import { apiValidity } from '../../client/api-validity.ts'
import { parseValidity } from '../../src/client-commands/issuance-options.ts'
import {
  planNext,
  successorInput,
  type RenewalPlan,
} from '../../src/client-commands/authority/renewal-plan.ts'
import { listCertifiedAuthorities } from '../widgets/authorities.ts'
import { subjectText } from '../widgets/format.ts'
import { describeCertificates, type CertificateDescription } from '../x509/describe.ts'
import { certifyAuthority, readCsr, type Step } from './certify-authority.ts'
import { listAll, type Client } from './client.ts'
import type { Authority, Tag } from './types.ts'

interface Certified {
  readonly authority: Authority
  readonly certificate: CertificateDescription
}

/** A CA that has a certificate, and the CA that signs its next certificate. */
export interface RenewableAuthority extends Certified {
  /** The CA itself if it is a root; undefined if the issuer is in another account or Region. */
  readonly issuer: Certified | undefined
}

/** Reads a CA and its issuer; undefined if the CA has no renewable certificate. */
export async function readRenewable(
  client: Client,
  authority: Authority,
  signal: AbortSignal,
): Promise<RenewableAuthority | undefined> {
  const own = await readCertified(client, authority, signal)
  if (own === undefined) return undefined
  if (authority.Type === 'ROOT') return { ...own, issuer: own }
  const all = await listCertifiedAuthorities(client, signal)
  const issuerArn = all.find(({ authority: { Arn } }) => Arn === authority.Arn)?.issuerArn
  const issuer = all.find(({ authority: { Arn } }) => Arn === issuerArn)?.authority
  return { ...own, issuer: issuer && (await readCertified(client, issuer, signal)) }
}

async function readCertified(
  client: Client,
  authority: Authority,
  signal: AbortSignal,
): Promise<Certified | undefined> {
  if (!['ACTIVE', 'DISABLED', 'EXPIRED'].includes(authority.Status)) return undefined
  const input = { CertificateAuthorityArn: authority.Arn }
  const output = await client.call('GetCertificateAuthorityCertificate', input, { signal })
  const [certificate] = describeCertificates(output.Certificate)
  return certificate && { authority, certificate }
}

/**
 * Plans the renewal, or returns why the CA cannot be renewed. `validity` is a duration such as 5y. If `validity` is empty, the
 * new certificate is valid for as long as the previous certificate.
 */
export function planOf(
  { authority, certificate, issuer }: RenewableAuthority,
  validity: string,
  now: Date,
): RenewalPlan | string {
  if (issuer === undefined) return 'The issuer is not a CA in this account and Region.'
  try {
    return planNext({
      type: authority.Type,
      current: certificate.parsed,
      issuer: {
        arn: issuer.authority.Arn,
        name: subjectText(issuer.authority.CertificateAuthorityConfiguration.Subject),
        status: issuer.authority.Status,
        certificate: issuer.certificate.parsed,
      },
      validity: validity === '' ? undefined : parseValidity(validity, now),
      now,
    })
  } catch (error) {
    return (error as Error).message
  }
}

export interface RenewalRequest {
  readonly renewable: RenewableAuthority
  readonly plan: RenewalPlan
  readonly isNewKey: boolean
  /** Token that identifies the request, so that a second attempt does not create a second CA or certificate. */
  readonly idempotencyToken: string
}

/** Issues the certificate and imports it into the CA. Resolves to the ARN of the CA that received the certificate. */
export async function renewAuthority(
  client: Client,
  { renewable, plan, isNewKey, idempotencyToken }: RenewalRequest,
  onStep: (step: Step) => void,
): Promise<string> {
  const { authority, issuer } = renewable
  const arn = isNewKey
    ? await createSuccessor(client, { authority, idempotencyToken }, onStep)
    : authority.Arn
  const isRoot = plan.type === 'ROOT'
  const signer = isRoot ? authority : (issuer?.authority ?? authority)
  const { template, apiPassthrough } = plan.content
  await certifyAuthority(
    client,
    {
      arn,
      csr: await readCsr(client, arn),
      issuer: {
        arn: isRoot ? arn : signer.Arn,
        signingAlgorithm: signer.CertificateAuthorityConfiguration.SigningAlgorithm,
      },
      isRoot,
      template,
      ...(apiPassthrough && { apiPassthrough }),
      validity: apiValidity(plan.validity),
      idempotencyToken,
    },
    onStep,
  )
  return arn
}

async function createSuccessor(
  client: Client,
  {
    authority,
    idempotencyToken,
  }: { readonly authority: Authority; readonly idempotencyToken: string },
  onStep: (step: Step) => void,
): Promise<string> {
  onStep('create')
  const { items: tags } = await listAll<'ListTags', Tag>(client, 'ListTags', {
    input: { CertificateAuthorityArn: authority.Arn },
    items: ({ Tags }) => Tags,
  })
  const created = await client.call('CreateCertificateAuthority', {
    ...successorInput(authority as unknown as Parameters<typeof successorInput>[0], tags),
    IdempotencyToken: idempotencyToken,
  })
  onStep('key')
  return created.CertificateAuthorityArn
}
