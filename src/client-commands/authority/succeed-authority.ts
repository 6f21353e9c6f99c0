/** `signet ca renew --new-key`: creates a successor CA with the configuration of an existing CA and a new key. */
import type { CertificateAuthority, Client } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import type { AuthoritySummary } from '../authorities.ts'
import {
  importCertificate,
  issueForCa,
  planRenewal,
  type AuthorityRenewalOptions,
  type RenewedAuthority,
} from './renew-authority.ts'

/**
 * The tag that init-hierarchy uses to find its CAs. A successor must not have this tag, because init-hierarchy expects it on
 * only one CA.
 */
const hierarchyTag = 'signet-hierarchy'

/** Waits up to three minutes, because generating an RSA 4096 key is slow. */
const keyWaiter = { Delay: 0.5, MaxAttempts: 360 }

/**
 * Creates the successor, has the existing CA's issuer certify it, and activates it. The existing CA does not change. If a step
 * after the creation fails, the error contains the ARN of the successor.
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
      `the successor ${arn} was created but not activated: ${(error as Error).message}; delete it with: signet ca delete ${arn}`,
      { cause: error },
    )
  }
}

async function createLike(
  client: Client,
  { name, arn, type }: AuthoritySummary,
  existing: CertificateAuthority,
): Promise<string> {
  const { CertificateAuthorityConfiguration: configuration, RevocationConfiguration: revocation } =
    existing
  if (configuration === undefined)
    throw new ConfigurationError(`the API returned no configuration of ${name}`)
  const tags = []
  const pages = client.getPaginator('listTags').paginate({ CertificateAuthorityArn: arn })
  for await (const tag of pages.items())
    if (tag.Key !== hierarchyTag && !tag.Key.startsWith('aws:')) tags.push(tag)
  const { CertificateAuthorityArn = '' } = await client.createCertificateAuthority({
    CertificateAuthorityType: type === 'ROOT' ? 'ROOT' : 'SUBORDINATE',
    CertificateAuthorityConfiguration: configuration,
    ...(revocation && { RevocationConfiguration: revocation }),
    ...(existing.KeyStorageSecurityStandard && {
      KeyStorageSecurityStandard: existing.KeyStorageSecurityStandard,
    }),
    ...(existing.UsageMode && { UsageMode: existing.UsageMode }),
    ...(tags.length > 0 && { Tags: tags }),
  })
  return CertificateAuthorityArn
}
