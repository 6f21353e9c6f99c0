import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import { errorAnswer } from './aws-answer.ts'
import type { Handler } from './route.ts'

const lifeMilliseconds = 1000

/** A health check. Resolves to the reason why the server cannot serve requests, or to undefined if the server is healthy. */
export type Health = () => Promise<Error | undefined>

/** Creates the handler for `/healthz`. */
export function createHealthHandler({
  health,
  log,
}: {
  readonly health?: Health | undefined
  readonly log: Log
}): Handler {
  return {
    async answer() {
      const failure = await health?.()
      if (failure !== undefined) log.warn({ err: failure }, 'not healthy')
      const headers = { 'content-type': 'application/json; charset=utf-8' }
      if (failure === undefined) return { status: 200, headers, body: '{"status":"ok"}' }
      // Messages of ServiceError are meant for callers. Messages of other errors may reveal internal details.
      const message = failure instanceof ServiceError ? failure.message : undefined
      return { status: 503, headers, body: JSON.stringify({ status: 'unavailable', message }) }
    },
    fail: (error, _head, requestId) => errorAnswer(error, requestId),
  }
}

/**
 * Creates a health check that reads and writes the database. The result of a check is cached for a second, so that frequent
 * checks cost little. Only a write can detect a disk that is full, read-only or broken. `onProbe` receives the duration of each
 * successful check.
 */
export function createHealth(
  db: Database,
  clock: Clock,
  onProbe: (milliseconds: number) => void = () => {},
): Health {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<Error | undefined> = Promise.resolve(undefined)
  const ask = async (): Promise<Error | undefined> => {
    const startedAt = performance.now()
    try {
      await db.probe()
      onProbe(performance.now() - startedAt)
      return undefined
    } catch (error) {
      return error as Error
    }
  }
  return () => {
    // Database damage is permanent, so the database is not probed again.
    const damage = db.damage?.()
    if (damage !== undefined) return Promise.resolve(damage)
    const now = clock.now().getTime()
    // A probe time in the future means that the clock was set back.
    if (now - askedAt >= lifeMilliseconds || askedAt > now) {
      askedAt = now
      answer = ask()
    }
    return answer
  }
}
