/** What a server does with its SQLite database before it serves it: makes sure that it is alone, and that nothing is lost. */
import { rmSync } from 'node:fs'
import { ConfigurationError } from './errors.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import { markFile, readMark, replaceMark } from './store/commit-mark.ts'
import { clearDamage, damageOf, restoreAdvice, type Damage } from './store/damage.ts'
import { noteLoss } from './store/lost-writes.ts'
import { requireUnowned, takeOwnership, type Ownership } from './store/ownership.ts'
import { migrate } from './store/sqlite-connection.ts'
import { checkWhole, isSmall } from './store/start-check.ts'

export interface Owning {
  readonly random: Random
  readonly log: Log
  /** Whether the operator goes on with what is left of a database. */
  readonly acceptLoss: boolean
  /** For people: which process this is. */
  readonly process: string
}

export interface OwnDatabase extends Ownership {
  /** What the operator has accepted to be without. */
  readonly accepted: Damage | undefined
}

/** A command may have the database open when a server starts, and is not waited for any longer. */
const patienceMilliseconds = 5000

/**
 * Takes the database, brings it to the newest schema, and looks whether it has all that was acknowledged. Throws
 * ConfigurationError if another server has it, or if it is beyond use. A database that is found damaged or to have lost writes
 * is taken all the same: it can be read, and the finding keeps anything from being issued.
 */
export async function ownDatabase(path: string, owning: Owning): Promise<OwnDatabase> {
  const { random, process, log } = owning
  await requireUnowned(path, { random, patience: patienceMilliseconds })
  migrate(path)
  if (readMark(path) === 'unreadable')
    log.warn({ file: markFile(path) }, 'the commit mark cannot be read; it is made anew')
  noteLoss(path)
  if (isSmall(path)) checkWhole(path)
  const accepted = owning.acceptLoss ? accept(path, log) : undefined
  try {
    const { commits, ...ownership } = takeOwnership(path, { random, process })
    const { databaseId } = ownership
    if (commits > 0 && readMark(path) === 'none')
      log.warn(
        { file: markFile(path), commits },
        'the commit mark is gone, so that nothing tells whether the database has lost writes; it is made anew',
      )
    if (damageOf(path) === undefined || readMark(path) === 'none')
      await replaceMark(path, { databaseId, commits })
    return { ...ownership, accepted }
  } catch (error) {
    const damage = damageOf(path)
    if (damage?.kind !== 'damaged') throw error
    throw beyondUse(path, damage, error)
  }
}

/**
 * A database that is gone is not made anew, unless the operator says so. Throws ConfigurationError.
 */
export function requireNeverThere(path: string, acceptLoss: boolean): void {
  if (readMark(path) === 'none') return
  if (!acceptLoss)
    throw new ConfigurationError(
      `${path} is gone, although ${markFile(path)} says that there was a database; restore the last backup with "signet restore", or start anew, without anything that was issued, with --accept-loss`,
    )
  clearDamage(path)
  rmSync(markFile(path))
}

/** What is missing can be accepted; pages that cannot be read cannot. */
function accept(path: string, log: Log): Damage | undefined {
  const damage = damageOf(path)
  if (damage === undefined) {
    log.warn('--accept-loss: nothing is lost; start without it from now on')
    return undefined
  }
  clearDamage(path)
  checkWhole(path)
  const left = damageOf(path)
  if (left !== undefined) throw beyondUse(path, left)
  return damage
}

function beyondUse(path: string, { reason }: Damage, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path} is damaged (${reason}), which --accept-loss does not mend; ${restoreAdvice}`,
    { cause },
  )
}
