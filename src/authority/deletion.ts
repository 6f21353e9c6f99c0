import { dayMilliseconds } from '../text/duration.ts'
import type { Authority, StoredStatus } from './authority.ts'

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
