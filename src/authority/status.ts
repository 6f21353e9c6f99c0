import { dayMilliseconds } from '../text/duration.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import type { Authority, InstalledCertificate, StoredStatus } from './authority.ts'

/** AWS's CertificateAuthorityStatus. */
export type AuthorityStatus = StoredStatus | 'DELETED' | 'EXPIRED'

/** The CA members that its status is computed from. */
interface DatedStatus extends Pick<Authority, 'status' | 'deletion'> {
  readonly certificate: Pick<InstalledCertificate, 'notAfter'> | undefined
}

/**
 * Returns a CA's status at an instant; undefined once a deleted CA's restoration period has ended. DELETED takes precedence over
 * EXPIRED (AWS Private CA User Guide, CA status).
 */
export function statusAt(authority: DatedStatus, now: Date): AuthorityStatus | undefined {
  if (authority.deletion !== undefined)
    return now < authority.deletion.restorableUntil ? 'DELETED' : undefined
  return isEndedAt(authority, now) ? 'EXPIRED' : authority.status
}

/** Returns the time of the last status change. Expiry counts as a change. */
export function lastStateChangeAt(authority: Authority, now: Date): Date {
  const expired = authority.deletion === undefined && isEndedAt(authority, now)
  const notAfter = authority.certificate?.notAfter ?? authority.lastStateChangeAt
  return expired && notAfter > authority.lastStateChangeAt ? notAfter : authority.lastStateChangeAt
}

/** Returns whether the installed certificate has expired. */
function isEndedAt(authority: DatedStatus, now: Date): boolean {
  const { status, certificate } = authority
  if (certificate === undefined || (status !== 'ACTIVE' && status !== 'DISABLED')) return false
  return isExpiredAt(certificate.notAfter, now)
}

/** A CA with its status at the time of a request. */
export interface AuthorityView {
  readonly authority: Authority
  readonly arn: string
  readonly status: AuthorityStatus
  readonly now: Date
}

const restorationDaysDefault = 30

/**
 * Returns the restoration period for a CA that is deleted at `now`. A CA without a CSR is deleted immediately. Others can be
 * restored for 7 to 30 days, by default 30 (AWS Private CA API, DeleteCertificateAuthority).
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
