import {
  deleteAuthorizations,
  deleteOrders,
  deleteUsedNonces,
} from '../store/enrollment/expired-rows.ts'
import { dayMilliseconds } from '../text/duration.ts'
import type { Job } from './scheduler/scheduler.ts'

/** Number of nonces that are deleted in one batch. A server handles about this many requests in a few seconds. */
const nonceBatch = 5000
const batch = 500
/**
 * Time for which orders and authorizations are kept after their expiry, so that clients and administrators can still read them.
 */
const keptDays = 30

/**
 * Deletes used nonces once they have expired, and ACME orders and authorizations that expired long ago. An order whose
 * certificate was issued expires with the certificate, so that the account can revoke or replace the certificate until then.
 */
export const forgetEnrollments: Job<'forget-enrollments'> = {
  name: 'forget-enrollments',
  everySeconds: 60,
  async run({ db, clock, wake }) {
    const now = clock.now()
    const before = new Date(now.getTime() - keptDays * dayMilliseconds)
    const [nonces = [], orders = [], authorizations = []] = await db.transaction([
      deleteUsedNonces(now, nonceBatch),
      deleteOrders(before, batch),
      deleteAuthorizations(before, batch),
    ])
    const isMore =
      nonces.length === nonceBatch || orders.length === batch || authorizations.length === batch
    if (isMore) wake('forget-enrollments')
    return { done: nonces.length + orders.length + authorizations.length, failed: 0 }
  },
}
