/** Warnings in `signet status`, with a sentence for each condition that needs attention. */
import { daySeconds } from '../../text/duration.ts'
import type { AuthoritySummary } from '../authorities.ts'
import type { ExternalCa } from '../authority/external-issuers.ts'
import type { Sample } from './read-metrics.ts'

export interface AuthorityStatus extends AuthoritySummary {
  /** Branch characters before the name in the CA tree, such as `└─ `. */
  readonly branch: string
  /** External CAs above this CA, from its issuer to the root; empty if the issuer is in the account. */
  readonly externalIssuers: readonly ExternalCa[]
  /** Whole days until the CA certificate expires; null for a CA without a certificate. */
  readonly expiresInDays: number | null
  /** Age of the oldest CRL; null if there is no CRL, or if the age is unknown. */
  readonly crlAgeSeconds: number | null
  /** Earliest nextUpdate of the CRLs in ISO 8601; null in the same cases as `crlAgeSeconds`. */
  readonly crlNextUpdate: string | null
  /** Whether the CA has revoked certificates. Null if unknown: only CAs without CRLs and OCSP responses are checked. */
  readonly hasRevocations: boolean | null
}

export interface JobStatus {
  readonly name: string
  /** Number of rows for which the job is due. */
  readonly waiting: number
  /** Number of the job's runs that found work. */
  readonly runs: number
  readonly failures: number
}

const expiryWarningDays = 90

export function authorityWarnings(authority: AuthorityStatus): string[] {
  const { name, status, crlDays, ocsp, hasRevocations } = authority
  return [
    ...(status === 'FAILED' ? [`${name}: creation failed (status FAILED)`] : []),
    ...(status === 'PENDING_CERTIFICATE' ? [`${name} has no certificate yet`] : []),
    ...expiryWarnings(authority),
    ...(hasRevocations === true && crlDays === null && !ocsp
      ? [
          `${name} has revoked certificates, but publishes neither CRLs nor OCSP responses: enable one of them with UpdateCertificateAuthority`,
        ]
      : []),
    ...crlWarnings(authority),
  ]
}

function expiryWarnings({ name, status, expiresInDays: days }: AuthorityStatus): string[] {
  if (status === 'EXPIRED' || (days !== null && days < 0)) return [`${name} has expired`]
  if (days === null || days >= expiryWarningDays) return []
  return [
    `${name} expires in ${days === 1 ? '1 day' : `${days} days`}: renew it with signet ca renew`,
  ]
}

/** A CA that has not issued any certificates has no CRL. A CRL that could not be published appears as a failed job. */
function crlWarnings({ name, status, crlDays, crlAgeSeconds }: AuthorityStatus): string[] {
  if (crlDays === null || status !== 'ACTIVE' || crlAgeSeconds === null) return []
  const days = crlAgeSeconds / daySeconds
  if (days > crlDays) return [`the CRL of ${name} is overdue`]
  // The next CRL is published after half of the current CRL's validity period.
  if (days > crlDays / 2 + 0.5)
    return [`the CRL of ${name} is ${Math.floor(days)} days old and has not been renewed`]
  return []
}

/** The server reports the metric for an unreachable public URL only if other machines cannot reach that URL. */
export function publicUrlWarning({ name, labels, value }: Sample): string[] {
  if (name !== 'signet_public_url_unreachable' || value === 0) return []
  return [
    `certificates contain ${labels['url'] ?? ''} for CRLs, OCSP and CA certificates, which other machines cannot reach: ` +
      'start the server with --public-url',
  ]
}

/** Describes a job's failures. */
export function jobWords({ name, runs, failures, waiting }: JobStatus): string {
  const failed = runs === 1 ? 'the only run' : `${failures} of ${runs} runs`
  const rows =
    waiting === 0
      ? 'no row is waiting'
      : waiting === 1
        ? '1 row is waiting'
        : `${waiting} rows are waiting`
  return `${name}: ${failed} failed since startup, and ${rows} for the next run`
}

/** A failed job without due rows has recovered. */
export function jobWarning({ name, waiting, failures }: JobStatus): string[] {
  if (failures === 0 || waiting === 0) return []
  const times = failures === 1 ? 'once' : `${failures} times`
  const rows = waiting === 1 ? '1 row is' : `${waiting} rows are`
  return [`job ${name} has failed ${times}, and ${rows} waiting`]
}
