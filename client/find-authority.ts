/** Finds a CA by its ARN, ID or CommonName. */
import type { CallOptions, SigningAlgorithm } from './inputs.ts'
import type { OutputOf } from './operations.ts'
import type { Paginator } from './paginators.ts'
import type { CertificateAuthority } from './shapes.ts'

export interface AuthorityReference {
  readonly arn: string
  /** The CA as returned by the API; undefined if the API was not called. */
  readonly signingAlgorithm: SigningAlgorithm | undefined
}

export interface ListingClient {
  getPaginator(name: 'listCertificateAuthorities'): Paginator<'listCertificateAuthorities'>
}

/**
 * Finds the CA with an ARN, an ID or a CommonName. No API call is needed for an ARN. Rejects with TypeError unless exactly
 * one ACTIVE CA in the Region matches the ID or CommonName; the message lists the candidates.
 */
export async function findAuthority(
  client: ListingClient,
  reference: string,
  options: CallOptions,
): Promise<AuthorityReference> {
  if (reference.startsWith('arn:')) return { arn: reference, signingAlgorithm: undefined }
  const active: CertificateAuthority[] = []
  for await (const page of client.getPaginator('listCertificateAuthorities').paginate()) {
    options.abortSignal?.throwIfAborted()
    active.push(...activeOn(page))
  }
  const matches = active.filter(
    (authority) => idOf(authority) === reference || nameOf(authority) === reference,
  )
  const [only] = matches
  if (only === undefined || matches.length > 1)
    throw new TypeError(mismatchText(reference, matches, active))
  const { Arn: arn = '', CertificateAuthorityConfiguration: configuration } = only
  return { arn, signingAlgorithm: configuration?.SigningAlgorithm }
}

function activeOn(page: OutputOf<'listCertificateAuthorities'>): CertificateAuthority[] {
  return (page.CertificateAuthorities ?? []).filter(({ Status }) => Status === 'ACTIVE')
}

function idOf({ Arn = '' }: CertificateAuthority): string {
  return Arn.slice(Arn.lastIndexOf('/') + 1)
}

function nameOf({ CertificateAuthorityConfiguration }: CertificateAuthority): string | undefined {
  return CertificateAuthorityConfiguration?.Subject.CommonName
}

const candidatesMax = 10

function mismatchText(
  reference: string,
  matches: readonly CertificateAuthority[],
  active: readonly CertificateAuthority[],
): string {
  const name = JSON.stringify(reference.slice(0, 100))
  if (active.length === 0)
    return `CA ${name} does not exist: this account has no ACTIVE CA in this Region`
  const candidates = matches.length > 0 ? matches : active
  const lines = candidates
    .slice(0, candidatesMax)
    .map((authority) => `  ${JSON.stringify(nameOf(authority) ?? '')} ${authority.Arn ?? ''}`)
  const others = candidates.length - lines.length
  return [
    matches.length > 0
      ? `${matches.length} ACTIVE CAs have the name ${name}; pass one of these ARNs:`
      : `no ACTIVE CA has the name or ID ${name}; the ACTIVE CAs are:`,
    ...lines,
    ...(others > 0 ? [`  and ${others} more`] : []),
  ].join('\n')
}
