/** Findings on the dashboard: conditions of CAs that require an operator's decision. */
import type { Authority } from '../../api/types.ts'

export interface Finding {
  readonly authority: Authority
  readonly severity: 'error' | 'warning' | 'pending'
  readonly text: string
}

const dayMilliseconds = 86_400_000
/** A CA that expires within this time cannot issue certificates that are valid for one year. */
const expiryDays = 365
const urgentDays = 90

/** Returns the findings, most severe first. */
export function findings(authorities: readonly Authority[], now: number): Finding[] {
  const order = ['error', 'warning', 'pending']
  return authorities
    .flatMap((authority) => findingsOf(authority, now))
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

function findingsOf(authority: Authority, now: number): Finding[] {
  const { Status, NotAfter, RevocationConfiguration: revocation, UsageMode } = authority
  const found: Finding[] = []
  const add = (severity: Finding['severity'], text: string): void => {
    found.push({ authority, severity, text })
  }
  if (Status === 'PENDING_CERTIFICATE') add('pending', 'Waiting for its certificate')
  if (Status === 'EXPIRED') add('error', 'Has expired')
  if (Status === 'FAILED') add('error', 'Could not be created')
  if (Status !== 'ACTIVE') return found
  const days = Math.floor(((NotAfter ?? 0) * 1000 - now) / dayMilliseconds)
  if (days < expiryDays) add(days < urgentDays ? 'error' : 'warning', `Expires in ${days} days`)
  const hasRevocation =
    revocation?.CrlConfiguration?.Enabled === true ||
    revocation?.OcspConfiguration?.Enabled === true
  if (!hasRevocation && UsageMode !== 'SHORT_LIVED_CERTIFICATE')
    add('warning', 'Has neither a CRL nor OCSP')
  return found
}
