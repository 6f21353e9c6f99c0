import { deleteApproval, findUndecidedApprovals } from '../store/approvals.ts'
import { deleteExpiredTokens } from '../store/idempotency-tokens.ts'
import { recorded } from '../store/recorded-states.ts'
import type { Job } from './scheduler/scheduler.ts'

const batch = 1000
/** Time for which a request for an approval is kept after it has expired without a decision. */
const undecidedDays = 30

/**
 * Deletes expired idempotency tokens, and requests for approvals that expired long ago. Both are ignored before that, so the time
 * of a run does not matter.
 */
export const forgetTokens: Job<'forget-tokens'> = {
  name: 'forget-tokens',
  everySeconds: 60,
  async run({ db, clock, wake }) {
    const now = clock.now()
    const undecidedBefore = new Date(now.getTime() - undecidedDays * 86_400_000)
    const undecided = await findUndecidedApprovals(db, undecidedBefore, batch)
    const [tokens = []] = await db.transaction(
      recorded([deleteExpiredTokens(now, batch), ...undecided.map(deleteApproval)], {
        time: now,
        actor: { principal: 'job:forget-tokens' },
      }),
    )
    if (tokens.length === batch || undecided.length === batch) wake('forget-tokens')
    return { done: tokens.length + undecided.length, failed: 0 }
  },
}
