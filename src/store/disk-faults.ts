/**
 * Disk and file errors that prevent writes to a SQLite database. A failed write has changed nothing, and may succeed after an
 * operator has freed space, repaired the disk or restored the database. Any other SQLite error indicates a bug.
 */
import { accessSync, constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { damageOf, type DamageKind } from './damage.ts'
import { DatabaseUnavailableError } from './database.ts'

export type DiskFault = 'full' | 'read-only' | 'failing' | 'busy' | DamageKind | 'superseded'

/** Error messages for clients. Processes send each other these messages instead of the errors. */
const messages: Readonly<Record<DiskFault, string>> = {
  full: 'The service cannot write: the disk is full. Try again later.',
  'read-only': 'The service cannot write: its data folder is read-only. Try again later.',
  failing: 'The service cannot write: the disk is failing. Try again later.',
  busy: 'The service cannot write: its database is locked. Try again later.',
  damaged: 'The service has stopped issuing: its database is damaged.',
  'lost-writes': 'The service has stopped issuing: its database has lost writes.',
  superseded: 'The service has stopped writing: another server has taken over its data folder.',
}

/** Error messages for operators, with advice where necessary. */
export const faultTexts: Readonly<Record<DiskFault, string>> = {
  full: 'the disk is full',
  'read-only': 'it is read-only',
  failing: 'the disk is failing',
  busy: 'another program has locked the database',
  damaged: 'the database is damaged; restore the last backup with "signet restore"',
  'lost-writes':
    'the database has lost writes; restore the last backup with "signet restore", or accept the loss with "signet serve --accept-loss"',
  superseded: 'another server has taken over the data folder',
}

/** Error for a database that cannot be written at present. `cause` contains SQLite's message for the log. */
export class DiskFaultError extends DatabaseUnavailableError {
  override name = 'DiskFaultError'
  readonly fault: DiskFault

  constructor(fault: DiskFault, reason: string) {
    super(reason, messages[fault])
    this.fault = fault
  }
}

/** Returns an error for the recorded damage to the database at `path` (damage.ts). */
export function damageErrorOf(path: string): DiskFaultError | undefined {
  const damage = damageOf(path)
  return damage && new DiskFaultError(damage.kind, damage.reason)
}

/**
 * Primary result codes of SQLite (https://www.sqlite.org/rescode.html). The low byte of an extended result code is the primary
 * code.
 */
const faultOfCode: ReadonlyMap<number, DiskFault> = new Map([
  [5, 'busy'],
  [8, 'read-only'],
  [10, 'failing'],
  // SQLITE_CORRUPT: a page is malformed.
  [11, 'damaged'],
  [13, 'full'],
  // SQLITE_CANTOPEN: the write-ahead log or its index cannot be created.
  [14, 'failing'],
  // SQLITE_NOTADB: the first page is malformed.
  [26, 'damaged'],
])

/**
 * Extended result codes for reads from a damaged file: the file is too short or has a bad checksum, or the file system is
 * damaged.
 */
const damageCodes: ReadonlySet<number> = new Set([522, 8202, 8458])

/** Returns the disk fault that a SQLite result code indicates, or undefined for any other result code. */
export function faultOfResult(code: number): DiskFault | undefined {
  return damageCodes.has(code) ? 'damaged' : faultOfCode.get(code & 0xff)
}

/** Error codes of the file system (errno(3)). */
const faultOfErrno: Readonly<Record<string, DiskFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EIO: 'failing',
}

/**
 * Returns the disk fault that is the reason for a SQLite or file system error; undefined for any other error. `path` identifies
 * the disk.
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
  return fault === 'failing' ? diagnose(path) : fault
}

/**
 * Finds the reason for an "I/O error" from SQLite. SQLite also reports this error if the file system is read-only, or if the
 * disk has no space for the index of the write-ahead log.
 */
function diagnose(path: string): DiskFault {
  try {
    accessSync(dirname(path), constants.W_OK)
    return hasFreeSpace(path) ? 'failing' : 'full'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS' ? 'read-only' : 'failing'
  }
}

/**
 * Converts an error to text that can be sent to another thread or process. `errorOfText` converts the text back to an error.
 */
export function textOfError(error: unknown, path: string): string {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof DiskFaultError) return `${text} (${(error.cause as Error).message})`
  const fault = diskFaultOf(error, path)
  if (fault === undefined) return text
  const { errcode, code } = error as { errcode?: number; code?: string }
  return `${messages[fault]} (${text}, ${errcode ?? code})`
}

/**
 * Converts text from `textOfError` back to an error. Returns a DiskFaultError for a disk fault, and otherwise an Error with the
 * same text.
 */
export function errorOfText(text: string): Error {
  const fault = (Object.keys(messages) as DiskFault[]).find((one) => text.startsWith(messages[one]))
  if (fault === undefined) return new Error(text)
  const [, reason = text] = /^ \((.*)\)$/s.exec(text.slice(messages[fault].length)) ?? []
  return new DiskFaultError(fault, reason)
}

/** Free space, in bytes, above which a disk is no longer treated as full. A small write needs less than this space. */
const roomBytesMin = 1024 * 1024

/** Returns whether the disk that contains `path` has free space. */
export function hasFreeSpace(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize >= roomBytesMin
  } catch {
    return false
  }
}
