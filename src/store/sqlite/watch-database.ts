/** Watches the SQLite database of a running server. The server responds to ownership challenges and reports damage. */
import { damageWarning } from '../damage.ts'
import type { Database } from '../database.ts'
import { DiskFaultError } from '../disk-faults.ts'
import type { DatabaseLog } from './own-database.ts'
import { answerChallenge, type Ownership } from './ownership.ts'
import { checkInBackground, isSmall } from './start-check.ts'

/** Interval between two checks. A second server that starts on the same database waits for several intervals. */
const everyMilliseconds = 250

interface Watching {
  readonly owned: Ownership
  readonly log: DatabaseLog
  readonly onFailure: (error: Error) => void
}

/** Watches the database until the returned function is called. Starts a background check if the database is large. */
export function watchDatabase(db: Database, path: string, watching: Watching): () => void {
  const { log } = watching
  const timer = setInterval(startLook(db, path, watching), everyMilliseconds).unref()
  // Electron's executable cannot run a script as Node.js does.
  const canFork = process.versions['electron'] === undefined
  const startedAt = performance.now()
  const check =
    isSmall(path) || !canFork
      ? undefined
      : checkInBackground(path, (failure) => {
          const milliseconds = Math.round(performance.now() - startedAt)
          if (failure === undefined)
            log.info({ milliseconds }, 'the check of the database structure has finished')
          else log.warn({ milliseconds, failure }, 'the check of the database did not finish')
        })
  return () => {
    clearInterval(timer)
    check?.stop()
  }
}

function startLook(db: Database, path: string, { owned, log, onFailure }: Watching): () => void {
  let isLooking = false
  let isReported = false
  let isOver = false
  const reportDamage = (): void => {
    const damage = db.damage?.()
    if (damage === undefined || isReported) return
    isReported = true
    log.fatal({ err: damage }, `the server has stopped issuing: ${damageWarning(damage)}`)
  }
  const look = async (): Promise<void> => {
    reportDamage()
    try {
      await answerChallenge(db, path, owned)
    } catch (error) {
      // Any other failure also occurs in requests, which report it.
      if (!(error instanceof DiskFaultError) || error.fault !== 'superseded' || isOver) return
      isOver = true
      onFailure(error)
    }
  }
  reportDamage()
  return () => {
    if (isLooking) return
    isLooking = true
    look().then(
      () => (isLooking = false),
      () => (isLooking = false),
    )
  }
}
