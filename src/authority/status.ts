import { dayMilliseconds } from '../text/duration.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import type { Authority, StoredStatus } from './authority.ts'

/** AWS's CertificateAuthorityStatus. */
export type AuthorityStatus = StoredStatus | 'DELETED' | 'EXPIRED'

/**
 * The status at an instant, from the record alone; undefined once the CA is deleted for good. DELETED wins over
 * EXPIRED (AWS Private CA User Guide, CA status).
 */
export function statusAt(authority: Authority, now: Date): AuthorityStatus | undefined {
  if (authority.deletion !== undefined)
    return now < authority.deletion.restorableUntil ? 'DELETED' : undefined
  return isEndedAt(authority, now) ? 'EXPIRED' : authority.status
}

/** When the status last changed; an expiry is such a change. */
export function lastStateChangeAt(authority: Authority, now: Date): Date {
  const expired = authority.deletion === undefined && isEndedAt(authority, now)
  const notAfter = authority.certificate?.notAfter ?? authority.lastStateChangeAt
  return expired && notAfter > authority.lastStateChangeAt ? notAfter : authority.lastStateChangeAt
}

/** Whether the validity of an installed certificate is over. */
function isEndedAt(authority: Authority, now: Date): boolean {
  const { status, certificate } = authority
  if (certificate === undefined || (status !== 'ACTIVE' && status !== 'DISABLED')) return false
  return isExpiredAt(certificate.notAfter, now)
}

/** A CA as it is at one instant, for one request. */
export interface AuthorityView {
  readonly authority: Authority
  readonly arn: string
  readonly status: AuthorityStatus
  readonly now: Date
}

const restorationDaysDefault = 30

/**
 * What DeleteCertificateAuthority decides at `now`: a CA that never had a CSR to sign is gone at once; others can be
 * restored for 7 to 30 days, 30 unless the caller says otherwise (AWS Private CA API, DeleteCertificateAuthority).
 */
export function deletionAt(
  status: StoredStatus,
  now: Date,
  days: number = restorationDaysDefault,
): NonNullable<Authority['deletion']> {
  const restorable = status !== 'CREATING' && status !== 'FAILED'
  const period = restorable ? days * dayMilliseconds : 0
  return { deletedAt: now, restorableUntil: new Date(now.getTime() + period) }
}
