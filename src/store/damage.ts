/**
 * Records that a database is damaged or has lost acknowledged writes. Nothing may be signed from or written to such a database:
 * an OCSP response could be `good` for a certificate whose revocation is lost.
 *
 * The finding is stored in a file beside the database, so that every thread and process sees it immediately, and it survives a
 * restart. A damaged database may not be able to store it.
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

/** `damaged`: SQLite cannot read a page. `lost-writes`: the database is intact but lacks acknowledged writes. */
export type DamageKind = 'damaged' | 'lost-writes'

export interface Damage {
  readonly kind: DamageKind
  /** Description for the operator. */
  readonly reason: string
}

export const restoreAdvice =
  'move the database away, and restore the last backup with "signet restore" (docs/tasks/corrupt-database.md)'

/** Returns a one-line warning for the operator: how the database is damaged, and where to find help. */
export function damageWarning({ message, cause }: Error): string {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return `${message.replace(/\.$/, '')}${reason}; see docs/tasks/corrupt-database.md`
}

/** Findings by this process, in case the file cannot be written. */
const damages = new Map<string, Damage>()

/** Returns the path of the file with the finding about the database at `path`. */
function damageFile(path: string): string {
  return `${path}.damage`
}

/**
 * Files that were missing in this turn of the event loop. Without this cache, three file system calls took 4 of the 300 µs per
 * certificate.
 */
const missing = oncePerTurn(() => new Set<string>())

/**
 * Returns the recorded damage of the database at `path`. Fast enough to be called for every signature, because it checks only
 * once per turn of the event loop whether the file exists.
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

/** Records damage. The first finding is kept, because later findings are often its consequences. */
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
    // If the file cannot be written, at least this process remembers the damage.
  }
}

/** Removes the finding: the operator has accepted the loss, or the database has been replaced. */
export function clearDamage(path: string): void {
  damages.delete(path)
  rmSync(damageFile(path), { force: true })
}

/** Reads the file. A malformed file also means that damage was found. */
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
