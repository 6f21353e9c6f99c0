/** The time of the last backup, which is a value in `settings`. */
import type { Database } from './database.ts'
import { findSetting, putSetting } from './metadata.ts'
import type { Sql } from './sql.ts'

const name = 'last backup'

export function putLastBackup(createdAt: Date): Sql {
  return putSetting(name, Buffer.from(createdAt.toISOString()))
}

/** Returns the time of the last backup. Undefined if none was recorded. */
export async function findLastBackup(db: Database): Promise<Date | undefined> {
  const value = await findSetting(db, name)
  return value === undefined ? undefined : new Date(Buffer.from(value).toString())
}
