/** Lists the account's CAs, and finds the CA that a command-line argument refers to. */
import type { CertificateAuthority, Client } from '../../client/index.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { ConfigurationError } from '../errors.ts'
import { visibleText } from '../text/visible-text.ts'

/** The members of a CA that commands use. */
export interface AuthoritySummary {
  readonly arn: string
  /** The subject's CommonName, or the CA's ID if the subject has none. */
  readonly name: string
  readonly type: string
  readonly status: string
  readonly keyAlgorithm: string
  /** Expiry in ISO 8601; null for a CA without a certificate. */
  readonly notAfter: string | null
  /** Validity of CRLs in days; null if the CA publishes no CRLs. */
  readonly crlDays: number | null
  readonly ocsp: boolean
}

/** Returns all CAs except deleted CAs, in the API's order. */
export async function listAuthorities(client: Client): Promise<AuthoritySummary[]> {
  return (await everyAuthority(client)).filter(({ status }) => status !== 'DELETED')
}

/** Returns all CAs, including deleted CAs that can be restored. */
export async function everyAuthority(client: Client): Promise<AuthoritySummary[]> {
  const summaries: AuthoritySummary[] = []
  const pages = client.getPaginator('listCertificateAuthorities').paginate()
  for await (const authority of pages.items()) summaries.push(summaryOf(authority))
  return summaries
}

function summaryOf(authority: CertificateAuthority): AuthoritySummary {
  const { Arn = '', Type = '', Status = '', NotAfter, RevocationConfiguration } = authority
  const { Subject, KeyAlgorithm = '' } = authority.CertificateAuthorityConfiguration ?? {}
  const crl = RevocationConfiguration?.CrlConfiguration
  return {
    arn: Arn,
    name: Subject?.CommonName ?? idOf(Arn),
    type: Type,
    status: Status,
    keyAlgorithm: KeyAlgorithm,
    notAfter: NotAfter === undefined ? null : isoSeconds(NotAfter),
    crlDays: crl?.Enabled === true ? (crl.ExpirationInDays ?? null) : null,
    ocsp: RevocationConfiguration?.OcspConfiguration?.Enabled === true,
  }
}

export function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

export type AuthorityReference = Pick<AuthoritySummary, 'arn' | 'name'>

/**
 * Resolves to the ACTIVE CA with the given ARN, name, ID or ID prefix. Without a reference, resolves to the only ACTIVE
 * subordinate CA. Unless exactly one CA matches, rejects with a ConfigurationError that lists the candidates.
 */
export async function chooseAuthority(
  client: Client,
  reference: string | undefined,
): Promise<AuthorityReference> {
  if (reference?.startsWith('arn:') === true) return { arn: reference, name: idOf(reference) }
  const all = await listForChoice(client)
  const active = all.filter(({ status }) => status === 'ACTIVE')
  if (matchesOf(active, reference).length === 0) requireNoInactive(matchesOf(all, reference))
  return oneAuthority(active, reference, { kind: 'ACTIVE', flag: '--ca' })
}

/** Throws ConfigurationError with the status of the CA if the only match is not ACTIVE. */
function requireNoInactive([only, ...others]: readonly AuthoritySummary[]): void {
  if (only === undefined || others.length > 0) return
  const { name, arn, status } = only
  const advice =
    status === 'DISABLED'
      ? `enable it with: signet ca enable ${arn}`
      : 'choose another CA with --ca; signet ca list shows all CAs'
  throw new ConfigurationError(`${visibleText(name)} (${arn}) is ${status}; ${advice}`)
}

/**
 * Lists the account's CAs. If the caller has no permission to list CAs, the promise rejects with a
 * ConfigurationError that asks for an ARN.
 */
async function listForChoice(client: Client): Promise<AuthoritySummary[]> {
  try {
    return await listAuthorities(client)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error
    throw new ConfigurationError(
      'without permission for acm-pca:ListCertificateAuthorities, only an ARN can select the CA: specify it with --ca, or set SIGNET_CA',
      { cause: error },
    )
  }
}

/**
 * Resolves to the CA with the given ARN, name, ID or ID prefix. If several CAs have the same name, a CA with a preferred
 * status is chosen, because a deleted CA often has the same name as its successor. Rejects with ConfigurationError unless
 * exactly one CA matches.
 */
export async function findAuthority(
  client: Client,
  reference: string,
  preferred: readonly string[],
): Promise<AuthoritySummary> {
  const all = await everyAuthority(client)
  const likely = all.filter(({ status }) => preferred.includes(status))
  const pool = matchesOf(likely, reference).length === 0 ? all : likely
  return oneAuthority(pool, reference, { kind: '', flag: 'the ARN' })
}

/** Minimum length of an ID prefix. A shorter string is more likely to be the start of a name. */
const idPrefixMin = 4

/**
 * Returns the only CA that matches a reference. Throws a ConfigurationError that lists the candidates if no CA or
 * several CAs match.
 */
export function oneAuthority<A extends AuthoritySummary>(
  authorities: readonly A[],
  reference: string | undefined,
  { kind, flag }: { readonly kind: string; readonly flag: string },
): A {
  const matches = matchesOf(authorities, reference)
  const [only] = matches
  if (only !== undefined && matches.length === 1) return only
  const candidates = matches.length > 0 ? matches : authorities
  throw new ConfigurationError(
    [
      selectionMessage(reference, {
        kind,
        flag,
        matches: matches.length,
        others: authorities.length,
      }),
      ...candidates.map(
        ({ arn, name, status }) =>
          `  ${visibleText(name)} (${status === 'ACTIVE' ? '' : `${status}, `}${arn})`,
      ),
    ].join('\n'),
  )
}

/** Returns the most exact matches for a reference: by ARN or ID, otherwise by name, otherwise by ID prefix. */
function matchesOf<A extends AuthoritySummary>(
  authorities: readonly A[],
  reference: string | undefined,
): readonly A[] {
  if (reference === undefined) return authorities.filter(({ type }) => type === 'SUBORDINATE')
  const exact = authorities.filter(({ arn }) => arn === reference || idOf(arn) === reference)
  if (exact.length > 0) return exact
  const named = authorities.filter(({ name }) => name === reference)
  if (named.length > 0 || reference.length < idPrefixMin) return named
  return authorities.filter(({ arn }) => idOf(arn).startsWith(reference.toLowerCase()))
}

function selectionMessage(
  reference: string | undefined,
  {
    kind,
    flag,
    matches,
    others,
  }: {
    readonly kind: string
    readonly flag: string
    readonly matches: number
    readonly others: number
  },
): string {
  const adjective = kind === '' ? '' : `${kind} `
  const noun = reference === undefined ? 'subordinate CA' : `CA '${reference}'`
  if (matches > 0 && reference === undefined)
    return `${matches} ${adjective}subordinate CAs exist; choose one with ${flag}, or set SIGNET_CA:`
  if (matches > 0)
    return `${matches} ${adjective}CAs match '${reference}'; specify ${flag === '--ca' ? 'its ARN with --ca' : flag}:`
  if (others === 0) return `no ${adjective}${noun} exists; create CAs with: signet init-hierarchy`
  return `no ${adjective}${noun} exists; choose one of the following CAs${flag === '--ca' ? ' with --ca' : ''}:`
}
