import type { Services } from '../services.ts'
import { setAccessKeyUse } from '../store/access-keys.ts'
import type { Job } from './scheduler/scheduler.ts'

/**
 * Stores the time at which each access key was last used. The job runs once a minute. A crash loses at most the uses from the
 * last minute.
 */
export const recordKeyUses = {
  name: 'record-key-uses',
  everySeconds: 60,
  async run({ db, keyUses }: Pick<Services, 'db' | 'keyUses'>) {
    const uses = [...keyUses.take()]
    if (uses.length > 0) await db.transaction(uses.map(([id, use]) => setAccessKeyUse(id, use)))
    return { done: 0, failed: 0 }
  },
} satisfies Job<'record-key-uses'>
