/** The command `signet certificates list`, which searches through the API. */
import type { CertificateSearch, Client, ListedCertificate } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { listAuthorities, type AuthoritySummary } from '../authorities.ts'

/** The command's filters, which are combined with AND. */
export interface CertificateFilters {
  /** ARN of the CA. */
  readonly certificateAuthorityArn?: string | undefined
  readonly serial?: string | undefined
  readonly subject?: string | undefined
  readonly alternativeName?: string | undefined
  /** Name or ARN of the template. */
  readonly template?: string | undefined
  /** Requester: the ARN of a user, role or session, an account ID, a service, or the name of an IAM user in the account. */
  readonly requester?: string | undefined
  readonly issuedAfter?: Date | undefined
  /** Duration from the current time, in milliseconds. */
  readonly expiringWithin?: number | undefined
  readonly status?: 'VALID' | 'EXPIRED' | 'REVOKED' | undefined
}

/** A certificate in the command's output form: times are in ISO 8601, and the issuing CA is given by name. */
interface FoundCertificate {
  readonly CertificateArn: string
  readonly SerialNumber: string
  readonly Subject: string
  readonly SubjectAlternativeNames: readonly string[]
  readonly Issuer: string
  readonly TemplateArn: string
  readonly Requester?: string
  readonly IssuedAt: string
  readonly NotBefore: string
  readonly NotAfter: string
  readonly Status: string
  readonly RevokedAt?: string
  readonly RevocationReason?: string
  readonly CertificateAuthorityArn: string
}

export interface FoundCertificates {
  readonly certificates: readonly FoundCertificate[]
  /** Whether the number of matching certificates exceeds the limit. */
  readonly isCut: boolean
  /** The requester in the search, with a user name converted to an ARN. */
  readonly requester: string | undefined
}

/** Returns at most `limit` matching certificates. Rejects with ConfigurationError if the service rejects a filter. */
export async function searchCertificates(
  client: Client,
  filters: CertificateFilters,
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<FoundCertificates> {
  const authorities = await listAuthorities(client)
  const search = searchOf(filters, { now, accountId: authorities[0]?.arn.split(':')[4] })
  const found: ListedCertificate[] = []
  try {
    for await (const certificate of client.searchCertificates(search)) {
      found.push(certificate)
      if (found.length > limit) break
    }
  } catch (error) {
    throw explainSearch(error)
  }
  const names = new Map(authorities.map(({ arn, name }) => [arn, name]))
  return {
    certificates: found.slice(0, limit).map((each) => toFound(each, names)),
    isCut: found.length > limit,
    requester: search.Requester,
  }
}

function explainSearch(error: unknown): unknown {
  const { name, message } = error as Error
  if (name === 'UnknownOperationException')
    return new ConfigurationError(
      'the service at this endpoint cannot search certificates; only Signet supports this search',
      {
        cause: error,
      },
    )
  if (name !== 'ValidationException' && name !== 'ClientError') return error
  // The API's error message begins with a member name, which is replaced with the command's flag.
  const text = message
    .replace(/^An error occurred \(\w+\) when calling the ListCertificates operation: /, '')
    .replace(/^SubjectAlternativeName\b/, '--san')
    .replace(/^SerialNumber\b/, '--serial')
    .replace(/^Subject\b/, '--subject')
  return new ConfigurationError(text, { cause: error })
}

/** Returns the input of ListCertificates. Throws ConfigurationError for a filter that the API cannot express. */
export function searchOf(
  filters: CertificateFilters,
  { now, accountId }: { readonly now: Date; readonly accountId: string | undefined },
): CertificateSearch {
  const { serial, subject, alternativeName, template, requester, expiringWithin } = filters
  const { certificateAuthorityArn, issuedAfter, status } = filters
  for (const [flag, value] of Object.entries({
    '--subject': subject,
    '--san': alternativeName,
    '--requester': requester,
  }))
    if (value === '') throw new ConfigurationError(`${flag} must not be empty`)
  if (serial !== undefined && !/^(?:0x)?[0-9a-f:]+$/i.test(serial))
    throw new ConfigurationError(`--serial must be a hexadecimal serial number, not '${serial}'`)
  return {
    ...(certificateAuthorityArn !== undefined && {
      CertificateAuthorityArn: certificateAuthorityArn,
    }),
    ...(serial !== undefined && { SerialNumber: serial }),
    ...(subject !== undefined && { Subject: subject }),
    ...(alternativeName !== undefined && { SubjectAlternativeName: alternativeName }),
    ...(template !== undefined && { TemplateArn: templateArnOf(template) }),
    ...(requester !== undefined && { Requester: requesterOf(requester, accountId) }),
    ...(issuedAfter && { IssuedAfter: issuedAfter }),
    ...(expiringWithin !== undefined && {
      ExpiresAfter: now,
      ExpiresBefore: new Date(now.getTime() + expiringWithin),
    }),
    ...(status && { Status: status }),
  }
}

function templateArnOf(text: string): string {
  if (text.startsWith('arn:')) return text
  if (/^\w{1,100}$/.test(text)) return `arn:aws:acm-pca:::template/${text}/V1`
  throw new ConfigurationError(
    `--template must be the name or the ARN of a template, not '${text}'`,
  )
}

/** A plain name refers to a user in the account. */
function requesterOf(text: string, accountId: string | undefined): string {
  if (/^arn:|^\d{12}$|\.amazonaws\.com$/.test(text)) return text
  if (!/^[\w+=,.@-]{1,64}$/.test(text))
    throw new ConfigurationError(
      `--requester must be the ARN of a user, role or session, an account ID, or the name of a user, not '${text}'`,
    )
  if (accountId === undefined)
    throw new ConfigurationError(
      `--requester: the account of user '${text}' is unknown, because the account has no CAs; use the ARN of the user`,
    )
  return `arn:aws:iam::${accountId}:user/${text}`
}

function toFound(
  certificate: ListedCertificate,
  names: ReadonlyMap<AuthoritySummary['arn'], string>,
): FoundCertificate {
  const { Requester, RevokedAt, RevocationReason, CertificateAuthorityArn } = certificate
  const time = (date: Date): string => new Date(date).toISOString()
  return {
    CertificateArn: certificate.CertificateArn,
    SerialNumber: certificate.SerialNumber,
    Subject: certificate.Subject,
    SubjectAlternativeNames: certificate.SubjectAlternativeNames,
    Issuer: names.get(CertificateAuthorityArn) ?? CertificateAuthorityArn,
    TemplateArn: certificate.TemplateArn,
    ...(Requester !== undefined && { Requester }),
    IssuedAt: time(certificate.IssuedAt),
    NotBefore: time(certificate.NotBefore),
    NotAfter: time(certificate.NotAfter),
    Status: certificate.Status,
    ...(RevokedAt && { RevokedAt: time(RevokedAt) }),
    ...(RevocationReason !== undefined && { RevocationReason }),
    CertificateAuthorityArn,
  }
}
