import type { Client } from '../../client/index.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { ConfigurationError } from '../errors.ts'
import { visibleText } from '../text/visible-text.ts'

/** The members of a CA that commands use. */
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

/** The CAs that are not deleted, in the order of the API. */
export async function listAuthorities(client: Client): Promise<AuthoritySummary[]> {
  const summaries: AuthoritySummary[] = []
  const pages = client.getPaginator('listCertificateAuthorities').paginate()
  for await (const authority of pages.items()) {
    const { Arn = '', Type = '', Status = '', NotAfter, RevocationConfiguration } = authority
    const { Subject, KeyAlgorithm = '' } = authority.CertificateAuthorityConfiguration ?? {}
    const crl = RevocationConfiguration?.CrlConfiguration
    if (Status === 'DELETED') continue
    summaries.push({
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
  return summaries
}

export function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

/**
 * The CA with an ARN, id or CommonName; without one the only ACTIVE subordinate CA. Rejects with ConfigurationError unless
 * exactly one matches, and lists the candidates.
 */
export async function chooseAuthority(
  client: Client,
  reference: string | undefined,
): Promise<Pick<AuthoritySummary, 'arn' | 'name'>> {
  if (reference?.startsWith('arn:') === true) return { arn: reference, name: idOf(reference) }
  const active = (await listAuthorities(client)).filter(({ status }) => status === 'ACTIVE')
  const matches =
    reference === undefined
      ? active.filter(({ type }) => type === 'SUBORDINATE')
      : active.filter(({ arn, name }) => name === reference || idOf(arn) === reference)
  const [only] = matches
  if (only !== undefined && matches.length === 1) return only
  const noun = reference === undefined ? 'subordinate CA' : `CA '${reference}'`
  const names = (matches.length > 0 ? matches : active).map(
    ({ arn, name }) => `${visibleText(name)} (${arn})`,
  )
  throw new ConfigurationError(
    [
      matches.length > 0
        ? `there are ${matches.length} ACTIVE CAs that could be meant; name one with --ca:`
        : `there is no ACTIVE ${noun}; ${names.length > 0 ? 'name one of these with --ca:' : 'make one with: signet init-hierarchy'}`,
      ...names,
    ].join('\n'),
  )
}
