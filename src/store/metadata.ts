/** Rows of the table `settings`, which contains the named values of a database. */
import { bytesOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

export async function findSetting(
  db: Pick<Database, 'query'>,
  name: string,
): Promise<Uint8Array | undefined> {
  const [row] = await db.query(sql`select value from settings where name = ${name}`)
  return row === undefined ? undefined : bytesOf(row, 'value')
}

/** Inserts a named value. The statement conflicts if a value with the same name exists. */
export function insertSetting(name: string, value: Uint8Array): Sql {
  return sql`insert into settings (name, value) values (${name}, ${value})`
}

/** Inserts a named value, or replaces the existing value. */
export function putSetting(name: string, value: Uint8Array): Sql {
  return sql`insert into settings (name, value) values (${name}, ${value})
    on conflict (name) do update set value = excluded.value`
}

/** Inserts a named value in its own transaction. Throws ConflictError if a value with the same name exists. */
export async function addSetting(db: Database, name: string, value: Uint8Array): Promise<void> {
  await db.transaction([insertSetting(name, value)])
}
