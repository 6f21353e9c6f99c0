import { deleteExpiredTokens } from '../store/idempotency-tokens.ts'
import type { Job } from './scheduler/scheduler.ts'

const batch = 1000

/** Deletes expired idempotency tokens. They are ignored before that, so the time of a run does not matter. */
export const forgetTokens: Job<'forget-tokens'> = {
  name: 'forget-tokens',
  everySeconds: 60,
  async run({ db, clock, wake }) {
    const [rows = []] = await db.transaction([deleteExpiredTokens(clock.now(), batch)])
    if (rows.length === batch) wake('forget-tokens')
    return { done: rows.length, failed: 0 }
  },
}
