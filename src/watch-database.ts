/** What a server does about its SQLite database all the time: shows that it owns it, and notices what others found. */
import type { Log } from './log.ts'
import { damageWarning } from './damage-warning.ts'
import type { Database } from './store/database.ts'
import { DiskFaultError } from './store/disk-faults.ts'
import { keepOwnership, type Ownership } from './store/ownership.ts'
import { checkInBackground, isSmall } from './store/start-check.ts'

/** A server that starts on the same database waits for several of these. */
const everyMilliseconds = 250

interface Watching {
  readonly owned: Ownership
  readonly log: Log
  readonly onFailure: (error: Error) => void
}

/** Watches until the function that it returns is called. A large database is checked meanwhile. */
export function watchDatabase(db: Database, path: string, watching: Watching): () => void {
  const { log } = watching
  const timer = setInterval(startLook(db, path, watching), everyMilliseconds).unref()
  // Another runtime's executable need not run files as Node.js does.
  const canFork = process.versions['electron'] === undefined
  const startedAt = performance.now()
  const check =
    isSmall(path) || !canFork
      ? undefined
      : checkInBackground(path, () => {
          const milliseconds = Math.round(performance.now() - startedAt)
          log.info({ milliseconds }, 'the structure of the database is checked')
        })
  return () => {
    clearInterval(timer)
    check?.stop()
  }
}

function startLook(db: Database, path: string, { owned, log, onFailure }: Watching): () => void {
  let isLooking = false
  let isTold = false
  let isOver = false
  const tellDamage = (): void => {
    const damage = db.damage?.()
    if (damage === undefined || isTold) return
    isTold = true
    log.fatal({ err: damage }, `nothing is issued any more: ${damageWarning(damage)}`)
  }
  const look = async (): Promise<void> => {
    tellDamage()
    try {
      await keepOwnership(db, path, owned)
    } catch (error) {
      // What else fails is met, and told, by requests.
      if (!(error instanceof DiskFaultError) || error.fault !== 'superseded' || isOver) return
      isOver = true
      onFailure(error)
    }
  }
  tellDamage()
  return () => {
    if (isLooking) return
    isLooking = true
    look().then(
      () => (isLooking = false),
      () => (isLooking = false),
    )
  }
}
