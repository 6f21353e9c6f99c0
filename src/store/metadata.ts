/** Named values of the database, in its table `settings`. */
import { bytesOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

export async function findSetting(db: Database, name: string): Promise<Uint8Array | undefined> {
  const [row] = await db.query(sql`select value from settings where name = ${name}`)
  return row === undefined ? undefined : bytesOf(row, 'value')
}

/** Writes a value; a conflict if there is one. */
export function insertSetting(name: string, value: Uint8Array): Sql {
  return sql`insert into settings (name, value) values (${name}, ${value})`
}

/** Writes a value that is not there yet. Throws ConflictError if it is. */
export async function addSetting(db: Database, name: string, value: Uint8Array): Promise<void> {
  await db.transaction([insertSetting(name, value)])
}
