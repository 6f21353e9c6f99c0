import type { Clock } from '../clock.ts'
import type { Database } from '../store/database.ts'

const lifeMilliseconds = 1000

/** Why the server cannot serve now; undefined if it can. */
export type Health = () => Promise<Error | undefined>

/**
 * Whether the database can be read and written, as it was at most a second ago: that many ask for it, and often, costs it
 * next to nothing: a disk that is full, read-only or broken is noticed by a write only.
 */
export function createHealth(db: Database, clock: Clock): Health {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<Error | undefined> = Promise.resolve(undefined)
  const ask = async (): Promise<Error | undefined> => {
    try {
      await db.probe()
      return undefined
    } catch (error) {
      return error as Error
    }
  }
  return () => {
    // Permanent, so no probe is needed.
    const damage = db.damage?.()
    if (damage !== undefined) return Promise.resolve(damage)
    const now = clock.now().getTime()
    // One from the future was before the clock was set back.
    if (now - askedAt >= lifeMilliseconds || askedAt > now) {
      askedAt = now
      answer = ask()
    }
    return answer
  }
}
