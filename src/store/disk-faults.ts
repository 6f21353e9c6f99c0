/**
 * What keeps a SQLite database from being written: nothing was changed, and the same may succeed once somebody has made room,
 * mended the disk or restored the database. Anything else that SQLite says is a fault of ours.
 */
import { accessSync, constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { damageOf, type DamageKind } from './damage.ts'
import { DatabaseUnavailableError } from './database.ts'

export type DiskFault = 'full' | 'read-only' | 'failing' | 'busy' | DamageKind | 'superseded'

/** What callers are told. A fault goes from one process to another as this text. */
const messages: Readonly<Record<DiskFault, string>> = {
  full: 'The service cannot write: its disk is full. Try again later.',
  'read-only': 'The service cannot write: its data folder is read-only. Try again later.',
  failing: 'The service cannot write: its disk fails. Try again later.',
  busy: 'The service cannot write: its database is locked. Try again later.',
  damaged: 'The service has stopped issuing: its database is damaged.',
  'lost-writes': 'The service has stopped issuing: its database has lost writes.',
  superseded: 'The service has stopped writing: another server has taken its data folder over.',
}

/** Texts for the operator, with advice where it is not obvious. */
export const faultTexts: Readonly<Record<DiskFault, string>> = {
  full: 'its disk is full',
  'read-only': 'it is read-only',
  failing: 'its disk fails',
  busy: 'its database is locked by another program',
  damaged: 'its database is damaged; restore the last backup with "signet restore"',
  'lost-writes':
    'its database has lost writes; restore the last backup with "signet restore", or go on without them with "signet serve --accept-loss"',
  superseded: 'another server has taken it over',
}

/** The database cannot be written for now. Its cause has what SQLite said, for the log. */
export class DiskFaultError extends DatabaseUnavailableError {
  override name = 'DiskFaultError'
  readonly fault: DiskFault

  constructor(fault: DiskFault, reason: string) {
    super(reason, messages[fault])
    this.fault = fault
  }
}

/** What is known to be wrong with a database, by the path that the finding is beside (damage.ts). */
export function damageErrorOf(path: string): DiskFaultError | undefined {
  const damage = damageOf(path)
  return damage && new DiskFaultError(damage.kind, damage.reason)
}

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html); extended ones have them in the low octet. */
const faultOfCode: ReadonlyMap<number, DiskFault> = new Map([
  [5, 'busy'],
  [8, 'read-only'],
  [10, 'failing'],
  // SQLITE_CORRUPT: a malformed page.
  [11, 'damaged'],
  [13, 'full'],
  // A log or its index that cannot be made.
  [14, 'failing'],
  // SQLITE_NOTADB: a malformed first page.
  [26, 'damaged'],
])

/** Extended result codes of reads from a damaged file: it is too short, has a bad checksum, or its file system is damaged. */
const damageCodes: ReadonlySet<number> = new Set([522, 8202, 8458])

/** The fault behind a result code of SQLite; undefined for other errors. */
export function faultOfResult(code: number): DiskFault | undefined {
  return damageCodes.has(code) ? 'damaged' : faultOfCode.get(code & 0xff)
}

/** Of the file system (errno(3)). */
const faultOfErrno: Readonly<Record<string, DiskFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EIO: 'failing',
}

/**
 * What an error of SQLite or of the file system, or the cause of one, says about the disk that has `path`; undefined if it
 * is about something else.
 */
export function diskFaultOf(error: unknown, path: string): DiskFault | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof DiskFaultError) return error.fault
  const { errcode, code, cause } = error as Error & { errcode?: unknown; code?: unknown }
  const fault =
    typeof errcode === 'number'
      ? faultOfResult(errcode)
      : typeof code === 'string'
        ? faultOfErrno[code]
        : undefined
  if (fault === undefined) return diskFaultOf(cause, path)
  return fault === 'failing' ? lookAt(path) : fault
}

/** SQLite says "I/O error" also of a file system that has become read-only, or has no room for the index of the log. */
function lookAt(path: string): DiskFault {
  try {
    accessSync(dirname(path), constants.W_OK)
    return hasFreeSpace(path) ? 'failing' : 'full'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS' ? 'read-only' : 'failing'
  }
}

/** The text of an error for another thread or process, whose `errorOfText` makes it what it was. */
export function textOfError(error: unknown, path: string): string {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof DiskFaultError) return `${text} (${(error.cause as Error).message})`
  const fault = diskFaultOf(error, path)
  if (fault === undefined) return text
  const { errcode, code } = error as { errcode?: number; code?: string }
  return `${messages[fault]} (${text}, ${errcode ?? code})`
}

/** DiskFaultError for what `textOfError` made of a fault, another error for any other text. */
export function errorOfText(text: string): Error {
  const fault = (Object.keys(messages) as DiskFault[]).find((one) => text.startsWith(messages[one]))
  if (fault === undefined) return new Error(text)
  const [, reason = text] = /^ \((.*)\)$/s.exec(text.slice(messages[fault].length)) ?? []
  return new DiskFaultError(fault, reason)
}

/** A disk that was full is no longer, when it has room for more than one small write. */
const roomBytesMin = 1024 * 1024

/** Whether the disk that has `path` has room again. */
export function hasFreeSpace(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize >= roomBytesMin
  } catch {
    return false
  }
}
