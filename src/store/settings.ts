/** Rows of named values. */
import { bytesOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql } from './sql.ts'

export async function findSetting(db: Database, name: string): Promise<Uint8Array | undefined> {
  const [row] = await db.query(sql`select value from settings where name = ${name}`)
  return row === undefined ? undefined : bytesOf(row, 'value')
}

/** Writes a value that is not there yet. Throws ConflictError if it is. */
export async function addSetting(db: Database, name: string, value: Uint8Array): Promise<void> {
  await db.transaction([sql`insert into settings (name, value) values (${name}, ${value})`])
}
