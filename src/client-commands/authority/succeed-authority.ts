/** The command `signet ca renew --new-key`, which creates a successor CA with an existing CA's configuration and a new key. */
import type { CertificateAuthority, Client, Tag } from '../../../client/index.ts'
import type { AuthoritySummary } from '../authorities.ts'
import {
  importCertificate,
  issueForCa,
  planRenewal,
  type AuthorityRenewalOptions,
  type RenewedAuthority,
} from './renew-authority.ts'
import { successorInput } from './renewal-plan.ts'

/** Waits up to three minutes, because generating an RSA 4096 key is slow. */
const keyWaiter = { Delay: 0.5, MaxAttempts: 360 }

/**
 * Creates the successor with a certificate from the existing CA's issuer, and activates the successor. The existing CA is not
 * changed. If a step after the creation fails, the error contains the successor's ARN.
 */
export async function succeedAuthority(
  client: Client,
  authority: AuthoritySummary,
  options: AuthorityRenewalOptions,
): Promise<RenewedAuthority> {
  const plan = await planRenewal(client, authority, options)
  const { CertificateAuthority: existing = {} } = await client.describeCertificateAuthority({
    CertificateAuthorityArn: authority.arn,
  })
  options.progress(`Creating the successor of ${authority.name} and its key`)
  const arn = await createLike(client, authority, existing)
  const successor = { ...authority, arn }
  try {
    await client
      .getWaiter('certificateAuthorityCsrCreated')
      .wait({ CertificateAuthorityArn: arn, WaiterConfig: keyWaiter })
    const { progress } = options
    const issued = await issueForCa(client, successor, { plan, progress })
    return await importCertificate(client, successor, { ...issued, progress })
  } catch (error) {
    throw new Error(
      `the successor ${arn} was created but not activated: ${(error as Error).message}; delete the successor with: signet ca delete ${arn}`,
      { cause: error },
    )
  }
}

async function createLike(
  client: Client,
  { arn }: AuthoritySummary,
  existing: CertificateAuthority,
): Promise<string> {
  const tags: Tag[] = []
  const pages = client.getPaginator('listTags').paginate({ CertificateAuthorityArn: arn })
  for await (const tag of pages.items()) tags.push(tag)
  const { CertificateAuthorityArn = '' } = await client.createCertificateAuthority(
    successorInput(existing, tags),
  )
  return CertificateAuthorityArn
}
