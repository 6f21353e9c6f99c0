/**
 * Records that a database is damaged or has lost acknowledged writes. Such a database must not be written to, and its data must
 * not be used for signing. Otherwise, a certificate whose revocation was lost could have the OCSP status `good`.
 *
 * The damage is recorded in a file beside the database, because a damaged database may not be able to store the finding. Every
 * thread and process sees the file immediately, and the file survives a restart.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from '../clock.ts'
import { isObject } from '../text/json.ts'
import { oncePerTurn } from '../turns/once-per-turn.ts'

/**
 * Kind of damage. `damaged`: SQLite cannot read a page. `lost-writes`: the database is intact but acknowledged writes are
 * missing.
 */
export type DamageKind = 'damaged' | 'lost-writes'

export interface Damage {
  readonly kind: DamageKind
  /** Description of the damage for the operator. */
  readonly reason: string
}

export const restoreAdvice =
  'move the database away, and restore the last backup with "signet restore" (docs/tasks/corrupt-database.md)'

/** Returns a one-line warning for the operator. The warning states how the database is damaged and where to find help. */
export function damageWarning({ message, cause }: Error): string {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return `${message.replace(/\.$/, '')}${reason}; see docs/tasks/corrupt-database.md`
}

/** Damage that the current process has found. The map is needed if the file cannot be written. */
const damages = new Map<string, Damage>()

/** Returns the path of the file that records damage to the database at `path`. */
function damageFile(path: string): string {
  return `${path}.damage`
}

/**
 * Paths of files that were found to be missing in the current turn of the event loop. Without this cache, three file system calls
 * took 4 µs of the 300 µs needed to issue a certificate.
 */
const missing = oncePerTurn(() => new Set<string>())

/**
 * Returns the recorded damage to the database at `path`. The function checks for the file only once per turn of the event loop,
 * so it is fast enough to be called for every signature.
 */
export function damageOf(path: string): Damage | undefined {
  const known = damages.get(path)
  if (known !== undefined) return known
  const file = damageFile(path)
  if (missing().has(file)) return undefined
  if (!existsSync(file)) {
    missing().add(file)
    return undefined
  }
  const damage = readDamage(file)
  damages.set(path, damage)
  return damage
}

/**
 * Records damage to a database. If damage is already recorded, the first finding is kept, because later findings are often its
 * consequences.
 */
export function recordDamage(path: string, damage: Damage): void {
  if (damageOf(path) !== undefined) return
  damages.set(path, damage)
  const text = JSON.stringify({ ...damage, foundAt: systemClock.now().toISOString() })
  try {
    const file = openSync(damageFile(path), 'wx', 0o600)
    try {
      writeSync(file, `${text}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    const folder = openSync(dirname(path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {
    // If the file cannot be written, at least the current process remembers the damage.
  }
}

/** Removes the record of damage after the operator has accepted the loss or the database has been replaced. */
export function clearDamage(path: string): void {
  damages.delete(path)
  rmSync(damageFile(path), { force: true })
}

/** Reads the file that records damage. A malformed file also means that damage was found. */
function readDamage(file: string): Damage {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isObject(value) && typeof value['reason'] === 'string') {
      const kind = value['kind'] === 'lost-writes' ? 'lost-writes' : 'damaged'
      return { kind, reason: value['reason'] }
    }
  } catch {
    // A failing disk may have truncated the file.
  }
  return { kind: 'damaged', reason: `${file} exists but cannot be read` }
}
