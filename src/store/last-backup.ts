/** The description of the last backup, which is stored as a value in `settings`. */
import type { Database } from './database.ts'
import { findSetting, putSetting } from './metadata.ts'
import type { Sql } from './sql.ts'

const name = 'last backup'

export interface LastBackup {
  /** Time of the snapshot that the backup contains. */
  readonly createdAt: Date
  /** Details of the backup, or undefined for a backup by an earlier version of Signet. */
  readonly details: BackupDetails | undefined
}

export interface BackupDetails {
  /** Host on which the backup was written, and absolute path of the backup file. */
  readonly host: string
  readonly file: string
  readonly sizeBytes: number
  /** SHA-256 of the backup file, in hexadecimal. */
  readonly sha256: string
  /** Kinds of keys that decrypt the backup: `passphrase`, or the kind of key of each recipient. */
  readonly encryptedFor: readonly string[]
  readonly hasMasterKey: boolean
  readonly schemaVersion: number
  /** Total number of rows in all tables. */
  readonly rows: number
}

export function putLastBackup({ createdAt, details }: LastBackup): Sql {
  return putSetting(name, Buffer.from(JSON.stringify({ createdAt, details })))
}

/** Returns the description of the last backup, or undefined if no backup has been recorded. */
export async function findLastBackup(db: Database): Promise<LastBackup | undefined> {
  const value = await findSetting(db, name)
  if (value === undefined) return undefined
  const text = Buffer.from(value).toString()
  // Earlier versions of Signet stored only the time of the backup.
  if (!text.startsWith('{')) return { createdAt: new Date(text), details: undefined }
  const { createdAt, details } = JSON.parse(text) as {
    readonly createdAt: string
    readonly details?: BackupDetails
  }
  return { createdAt: new Date(createdAt), details }
}
