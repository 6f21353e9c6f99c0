import { expiryThreshold, expiryThresholds } from '../authority/expiry-thresholds.ts'
import type { Services } from '../services.ts'
import {
  insertAnnouncement,
  listUnannouncedExpiries,
  type ExpiringAuthority,
} from '../store/expiry-announcements.ts'
import { ConflictError } from '../store/database.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { forEachParallel } from './scheduler/for-each.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 100

/**
 * Publishes an event 90, 30, 7 and 1 days before a CA certificate expires, and another event after the expiry. The job changes
 * no state, because the status EXPIRED is computed whenever the CA is read.
 */
export const announceExpiry: Job<'announce-expiry'> = {
  name: 'announce-expiry',
  everySeconds: 60,
  async run(services, signal) {
    const { db, clock, wake } = services
    const [longest = 0] = expiryThresholds
    const authorities = await listUnannouncedExpiries(db, {
      now: clock.now(),
      days: longest,
      limit: batch,
    })
    const result = await forEachParallel(authorities, { parallel: 1, signal }, (authority) =>
      announce(services, authority),
    )
    if (authorities.length === batch) wake('announce-expiry')
    return result
  },
}

async function announce(
  { db, clock, events, log }: Services,
  expiring: ExpiringAuthority,
): Promise<keyof JobResult> {
  const { authority, certificateNumber, notAfter } = expiring
  const now = clock.now()
  const days = expiryThreshold(notAfter, now)
  const event = events.prepare({
    type: 'Signet CA Certificate Expiry',
    authority,
    time: now,
    resources: [certificateAuthorityArn(authority)],
    detail: { result: 'success', daysToExpiry: days, notAfter: notAfter.toISOString() },
  })
  try {
    await db.transaction([insertAnnouncement(certificateNumber, days, now), ...event.statements])
  } catch (error) {
    // Another process has already announced the expiry.
    if (error instanceof ConflictError) return 'done'
    throw error
  }
  log.warn(
    { authority: authority.id, notAfter, days },
    days === 0 ? 'a CA certificate has expired' : 'a CA certificate expires soon',
  )
  event.publish()
  return 'done'
}
