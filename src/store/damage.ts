/**
 * A database that is damaged, or that has lost what it had acknowledged. Nothing may be signed or written on top of it: an
 * OCSP answer could say `good` for a certificate whose revocation is lost.
 *
 * The finding is a file beside the database, so that every thread and process knows it at once, whichever of them found it,
 * and so that a restart does not forget it. The database itself cannot be relied on to hold it.
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
import { isObject } from '../policy-json.ts'

/** `damaged`: SQLite cannot read a page. `lost-writes`: it is whole, but older than what was acknowledged. */
export type DamageKind = 'damaged' | 'lost-writes'

export interface Damage {
  readonly kind: DamageKind
  /** For the operator. */
  readonly reason: string
}

/** What an operator does about it. */
export const restoreAdvice =
  'move the database away, and restore the last backup with "signet restore" (docs/operating.md)'

/** Findings of this process, in case the disk refuses the file. */
const found = new Map<string, Damage>()

/** Where the finding about the database at `path` is. */
function damageFile(path: string): string {
  return `${path}.damage`
}

/** What is known to be wrong with the database at `path`. Cheap enough for every signature: one look at a name. */
export function damageOf(path: string): Damage | undefined {
  const known = found.get(path)
  if (known !== undefined) return known
  const file = damageFile(path)
  if (!existsSync(file)) return undefined
  const damage = readDamage(file)
  found.set(path, damage)
  return damage
}

/** Records what was found. The first finding stays; what follows from it would only hide it. */
export function recordDamage(path: string, damage: Damage): void {
  if (damageOf(path) !== undefined) return
  found.set(path, damage)
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
    // On a disk that refuses it this process still knows.
  }
}

/** Forgets the finding: the operator has accepted it, or another database takes the place of this one. */
export function clearDamage(path: string): void {
  found.delete(path)
  rmSync(damageFile(path), { force: true })
}

/** Whatever the file holds: it is there because something is wrong. */
function readDamage(file: string): Damage {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isObject(value) && typeof value['reason'] === 'string') {
      const kind = value['kind'] === 'lost-writes' ? 'lost-writes' : 'damaged'
      return { kind, reason: value['reason'] }
    }
  } catch {
    // Cut short by the disk that failed.
  }
  return { kind: 'damaged', reason: `${file} is there, and cannot be read` }
}
