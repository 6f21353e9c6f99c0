import { deleteApproval, findUndecidedApprovals } from '../store/approvals.ts'
import { deleteIntent, findFailedIntents } from '../store/certificate-intents.ts'
import { deleteExpiredTokens } from '../store/idempotency-tokens.ts'
import { deleteExpiredOcspResponses, deleteSurplusOcspResponses } from '../store/ocsp-responses.ts'
import { recorded } from '../store/recorded-states.ts'
import { dayMilliseconds } from '../text/duration.ts'
import type { Job } from './scheduler/scheduler.ts'

const batch = 1000
/** How long undecided approval requests are kept after they expire, and how long pending issuances are kept after they fail. */
const keptDays = 30

/**
 * Deletes expired idempotency tokens and expired OCSP responses. The job also deletes approval requests that expired long ago,
 * and pending issuances that failed long ago.
 */
export const forgetTokens: Job<'forget-tokens'> = {
  name: 'forget-tokens',
  everySeconds: 60,
  async run({ db, clock, wake }) {
    const now = clock.now()
    const before = new Date(now.getTime() - keptDays * dayMilliseconds)
    const undecided = await findUndecidedApprovals(db, before, batch)
    const failed = await findFailedIntents(db, before, batch)
    const expired = [
      deleteExpiredTokens(now, batch),
      deleteExpiredOcspResponses(now, batch),
      deleteSurplusOcspResponses(batch),
    ]
    const results = await db.transaction(
      recorded([...expired, ...undecided.map(deleteApproval), ...failed.map(deleteIntent)], {
        time: now,
        actor: { principal: 'job:forget-tokens' },
      }),
    )
    const counts = [undecided, failed, ...results.slice(0, expired.length)].map(
      ({ length }) => length,
    )
    if (counts.includes(batch)) wake('forget-tokens')
    return { done: counts.reduce((sum, count) => sum + count), failed: 0 }
  },
}
