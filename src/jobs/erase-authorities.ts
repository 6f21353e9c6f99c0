import { recorded } from '../store/recorded-states.ts'
import { clearKeyHandle, listErasableAuthorities } from '../store/authorities.ts'
import type { Job } from './scheduler/scheduler.ts'

const batch = 32

/** Erases the keys of CAs after their restoration period. A second erasure has no effect. */
export const eraseAuthorities: Job<'erase-authorities'> = {
  name: 'erase-authorities',
  everySeconds: 60,
  async run({ db, keys, clock, log, wake }) {
    const authorities = await listErasableAuthorities(db, clock.now(), batch)
    for (const authority of authorities) {
      if (authority.keyHandle !== undefined) await keys.destroy(authority.keyHandle)
      const context = {
        time: clock.now(),
        actor: { principal: 'job:erase-authorities' },
        authority: authority.number,
      }
      await db.transaction(recorded([clearKeyHandle(authority)], context))
      log.info({ job: 'erase-authorities', authority: authority.id }, 'key erased')
    }
    if (authorities.length === batch) wake('erase-authorities')
    return { done: authorities.length, failed: 0 }
  },
}
