/** Finding the CA that a command means. */
import type { Client } from '../../client/index.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { ConfigurationError } from '../errors.ts'
import { visibleText } from '../text/visible-text.ts'

/** What commands need of a CA. */
export interface AuthoritySummary {
  readonly arn: string
  /** CommonName of its subject, or its id. */
  readonly name: string
  readonly type: string
  readonly status: string
  readonly keyAlgorithm: string
  /** ISO 8601; null for one without a certificate. */
  readonly notAfter: string | null
  /** Days that its CRLs are valid; null if it publishes none. */
  readonly crlDays: number | null
  readonly ocsp: boolean
}

/** Those that are not deleted, in the order of the API. */
export async function listAuthorities(client: Client): Promise<AuthoritySummary[]> {
  const views: AuthoritySummary[] = []
  const pages = client.getPaginator('listCertificateAuthorities').paginate()
  for await (const authority of pages.items()) {
    const { Arn = '', Type = '', Status = '', NotAfter, RevocationConfiguration } = authority
    const { Subject, KeyAlgorithm = '' } = authority.CertificateAuthorityConfiguration ?? {}
    const crl = RevocationConfiguration?.CrlConfiguration
    if (Status === 'DELETED') continue
    views.push({
      arn: Arn,
      name: Subject?.CommonName ?? idOf(Arn),
      type: Type,
      status: Status,
      keyAlgorithm: KeyAlgorithm,
      notAfter: NotAfter === undefined ? null : isoSeconds(NotAfter),
      crlDays: crl?.Enabled === true ? (crl.ExpirationInDays ?? null) : null,
      ocsp: RevocationConfiguration?.OcspConfiguration?.Enabled === true,
    })
  }
  return views
}

export function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

/**
 * The CA that is named by ARN, id or CommonName; without a name the one ACTIVE subordinate CA. Rejects with
 * ConfigurationError unless it is exactly one, and says which there are.
 */
export async function chooseAuthority(
  client: Client,
  wanted: string | undefined,
): Promise<Pick<AuthoritySummary, 'arn' | 'name'>> {
  if (wanted?.startsWith('arn:') === true) return { arn: wanted, name: idOf(wanted) }
  const active = (await listAuthorities(client)).filter(({ status }) => status === 'ACTIVE')
  const found =
    wanted === undefined
      ? active.filter(({ type }) => type === 'SUBORDINATE')
      : active.filter(({ arn, name }) => name === wanted || idOf(arn) === wanted)
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  const what = wanted === undefined ? 'subordinate CA' : `CA '${wanted}'`
  const names = (found.length > 0 ? found : active).map(
    ({ arn, name }) => `${visibleText(name)} (${arn})`,
  )
  throw new ConfigurationError(
    [
      found.length > 0
        ? `there are ${found.length} ACTIVE CAs that could be meant; name one with --ca:`
        : `there is no ACTIVE ${what}; ${names.length > 0 ? 'name one of these with --ca:' : 'make one with: signet init-hierarchy'}`,
      ...names,
    ].join('\n'),
  )
}
