import { deleteApproval, findUndecidedApprovals } from '../store/approvals.ts'
import { deleteIntent, findFailedIntents } from '../store/certificate-intents.ts'
import { deleteExpiredTokens } from '../store/idempotency-tokens.ts'
import { recorded } from '../store/recorded-states.ts'
import { dayMilliseconds } from '../text/duration.ts'
import type { Job } from './scheduler/scheduler.ts'

const batch = 1000
/** Time for which a request for an approval is kept after it has expired without a decision, and an intent after it failed. */
const keptDays = 30

/**
 * Deletes expired idempotency tokens, which are ignored before that, and requests for approvals and certificates that expired or
 * failed long ago.
 */
export const forgetTokens: Job<'forget-tokens'> = {
  name: 'forget-tokens',
  everySeconds: 60,
  async run({ db, clock, wake }) {
    const now = clock.now()
    const before = new Date(now.getTime() - keptDays * dayMilliseconds)
    const undecided = await findUndecidedApprovals(db, before, batch)
    const failed = await findFailedIntents(db, before, batch)
    const deletions = [...undecided.map(deleteApproval), ...failed.map(deleteIntent)]
    const [tokens = []] = await db.transaction(
      recorded([deleteExpiredTokens(now, batch), ...deletions], {
        time: now,
        actor: { principal: 'job:forget-tokens' },
      }),
    )
    if ([tokens, undecided, failed].some(({ length }) => length === batch)) wake('forget-tokens')
    return { done: tokens.length + deletions.length, failed: 0 }
  },
}
