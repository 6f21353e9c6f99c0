import { recorded } from '../store/recorded-states.ts'
import type { Authority } from '../authority/authority.ts'
import type { Services } from '../services.ts'
import { listErasableAuthorities } from '../store/authorities.ts'
import { clearKeyHandle } from '../store/authority-changes.ts'
import { forEachParallel } from './scheduler/for-each.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 32
const parallel = 4

/**
 * Erases the keys of deleted CAs after their restoration period. Erasing a key a second time has no effect. If a key store is
 * unavailable, a later run erases its keys; keys in other stores are erased immediately.
 */
export const eraseAuthorities: Job<'erase-authorities'> = {
  name: 'erase-authorities',
  everySeconds: 60,
  async run(services, signal) {
    const { db, clock, wake } = services
    const authorities = await listErasableAuthorities(db, clock.now(), batch)
    const result = await forEachParallel(authorities, { parallel, signal }, (authority) =>
      erase(services, authority),
    )
    if (authorities.length === batch && result.failed === 0) wake('erase-authorities')
    return result
  },
}

async function erase(
  { db, keys, clock, log }: Services,
  authority: Authority,
): Promise<keyof JobResult> {
  const fields = { job: 'erase-authorities', authority: authority.id }
  try {
    if (authority.keyHandle !== undefined) await keys.destroy(authority.keyHandle)
    const context = {
      time: clock.now(),
      actor: { principal: 'job:erase-authorities' },
      authority: authority.number,
    }
    await db.transaction(recorded([clearKeyHandle(authority)], context))
    log.info(fields, 'key erased')
    return 'done'
  } catch (error) {
    log.error(
      { ...fields, err: error },
      'the key of a deleted CA cannot be erased now; the server retries',
    )
    return 'failed'
  }
}
