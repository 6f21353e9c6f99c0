/** The last backup, which is a value in `settings`. */
import type { Database } from './database.ts'
import { findSetting, putSetting } from './metadata.ts'
import type { Sql } from './sql.ts'

const name = 'last backup'

export interface LastBackup {
  /** Time of the snapshot that the backup contains. */
  readonly createdAt: Date
  /** Undefined for a backup by an earlier version. */
  readonly details: BackupDetails | undefined
}

export interface BackupDetails {
  /** Host on which the backup was written, and the absolute path of its file. */
  readonly host: string
  readonly file: string
  readonly sizeBytes: number
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string
  /** Kinds of keys that decrypt the backup: `passphrase`, or the kind of each recipient's key. */
  readonly encryptedFor: readonly string[]
  readonly hasMasterKey: boolean
  readonly schemaVersion: number
  /** Number of rows of all tables. */
  readonly rows: number
}

export function putLastBackup({ createdAt, details }: LastBackup): Sql {
  return putSetting(name, Buffer.from(JSON.stringify({ createdAt, details })))
}

/** Returns the last backup. Undefined if none was recorded. */
export async function findLastBackup(db: Database): Promise<LastBackup | undefined> {
  const value = await findSetting(db, name)
  if (value === undefined) return undefined
  const text = Buffer.from(value).toString()
  // Earlier versions stored only the time.
  if (!text.startsWith('{')) return { createdAt: new Date(text), details: undefined }
  const { createdAt, details } = JSON.parse(text) as {
    readonly createdAt: string
    readonly details?: BackupDetails
  }
  return { createdAt: new Date(createdAt), details }
}
