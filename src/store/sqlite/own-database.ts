/**
 * The startup of a server's SQLite database. At startup, the server takes ownership of the database, migrates the schema, and
 * checks for lost writes.
 */
import { rmSync } from 'node:fs'
import { ConfigurationError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { markFile, readMark, replaceMark } from './commit-mark.ts'
import { clearDamage, damageOf, restoreAdvice, type Damage } from '../damage.ts'
import { recordLostWrites } from './lost-writes.ts'
import { requireUnowned, takeOwnership, type Ownership } from './ownership.ts'
import { migrate } from './connection.ts'
import { checkWhole, isSmall } from './start-check.ts'

export type DatabaseLog = Readonly<
  Record<'info' | 'warn' | 'fatal', (fields: object | string, message?: string) => void>
>

export interface OwnerOptions {
  readonly random: Random
  readonly log: DatabaseLog
  /** Whether the operator accepts the loss of writes. */
  readonly acceptLoss: boolean
  /** Description of the server process, for operators. */
  readonly process: string
}

export interface OwnDatabase extends Ownership {
  /** The damage that the operator has accepted, if any. */
  readonly accepted: Damage | undefined
}

/** Maximum time, in milliseconds, that a starting server waits for a command that has the database open. */
const waitMillisecondsMax = 5000

/**
 * Takes ownership of the database, migrates it to the newest schema, and checks that it has all acknowledged commits. Throws
 * ConfigurationError if another server owns the database, or if it is too damaged to open. Other damage and lost writes are
 * recorded; the database can then be read, but nothing can be issued.
 */
export async function ownDatabase(path: string, options: OwnerOptions): Promise<OwnDatabase> {
  const { random, process, log } = options
  await requireUnowned(path, { random, patience: waitMillisecondsMax })
  migrate(path)
  const mark = readMark(path)
  if (mark === 'unreadable')
    log.warn(
      { file: markFile(path) },
      'the commit mark cannot be read; the server creates a new commit mark',
    )
  recordLostWrites(path)
  if (isSmall(path)) checkWhole(path)
  const accepted = options.acceptLoss ? accept(path, log) : undefined
  try {
    const { commits, ...ownership } = takeOwnership(path, { random, process })
    const { databaseId } = ownership
    if (commits > 0 && mark === 'none')
      log.warn(
        { file: markFile(path), commits },
        'the commit mark is missing: the server cannot detect lost writes at this start, and creates a new commit mark',
      )
    if (damageOf(path) === undefined || mark === 'none')
      await replaceMark(path, { databaseId, commits })
    return { ...ownership, accepted }
  } catch (error) {
    const damage = damageOf(path)
    if (damage?.kind !== 'damaged') throw error
    throw unrepairableError(path, damage, error)
  }
}

/** Throws ConfigurationError if the database existed before but is missing now, unless the operator accepts the loss. */
export function requireNoEarlierDatabase(path: string, acceptLoss: boolean): void {
  if (readMark(path) === 'none') return
  if (!acceptLoss)
    throw new ConfigurationError(
      `${path} is missing, although ${markFile(path)} shows that it existed; restore the last backup with "signet restore", or start with an empty database with --accept-loss`,
    )
  clearDamage(path)
  rmSync(markFile(path))
}

/** Accepts lost writes on behalf of the operator. Throws ConfigurationError if the database has damaged pages. */
function accept(path: string, log: DatabaseLog): Damage | undefined {
  const damage = damageOf(path)
  if (damage === undefined) {
    log.warn('--accept-loss has no effect, because no writes are lost; remove this flag')
    return undefined
  }
  clearDamage(path)
  checkWhole(path)
  const remaining = damageOf(path)
  if (remaining !== undefined) throw unrepairableError(path, remaining)
  return damage
}

function unrepairableError(path: string, { reason }: Damage, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path} is damaged (${reason}), which --accept-loss cannot repair; ${restoreAdvice}`,
    { cause },
  )
}
