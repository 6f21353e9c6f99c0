import { dayMilliseconds } from '../text/duration.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import type { Authority, InstalledCertificate, StoredStatus } from './authority.ts'

/** AWS's CertificateAuthorityStatus values. */
export type AuthorityStatus = StoredStatus | 'DELETED' | 'EXPIRED'

/** The members of a CA from which its status is computed. */
interface DatedStatus extends Pick<Authority, 'status' | 'deletion'> {
  readonly certificate: Pick<InstalledCertificate, 'notAfter'> | undefined
}

/**
 * Returns the CA's status at the given time, or undefined once a deleted CA's restoration period has ended. The status DELETED
 * takes precedence over EXPIRED (AWS Private CA User Guide, CA status).
 */
export function statusAt(authority: DatedStatus, now: Date): AuthorityStatus | undefined {
  if (authority.deletion !== undefined)
    return now < authority.deletion.restorableUntil ? 'DELETED' : undefined
  return isEndedAt(authority, now) ? 'EXPIRED' : authority.status
}

/** Returns the time of the CA's last status change, which may be its expiry. */
export function lastStateChangeAt(authority: Authority, now: Date): Date {
  const expired = authority.deletion === undefined && isEndedAt(authority, now)
  const notAfter = authority.certificate?.notAfter ?? authority.lastStateChangeAt
  return expired && notAfter > authority.lastStateChangeAt ? notAfter : authority.lastStateChangeAt
}

/** Returns whether the CA certificate has expired. */
function isEndedAt(authority: DatedStatus, now: Date): boolean {
  const { status, certificate } = authority
  if (certificate === undefined || (status !== 'ACTIVE' && status !== 'DISABLED')) return false
  return isExpiredAt(certificate.notAfter, now)
}

/** A CA, with its status at the time of a request. */
export interface AuthorityView {
  readonly authority: Authority
  readonly arn: string
  readonly status: AuthorityStatus
  readonly now: Date
}

const restorationDaysDefault = 30

/**
 * Returns the restoration period of a CA that is deleted at the time `now`. A CA without a CSR is deleted immediately. A CA
 * with a CSR can be restored for 7 to 30 days, 30 by default (AWS Private CA API, DeleteCertificateAuthority).
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
