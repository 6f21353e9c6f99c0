import { SqliteConnection } from './connection.ts'
import { sqliteSchema } from './schema.ts'
import type { Snapshot } from '../snapshot.ts'
import { sql, type Row } from '../sql.ts'
import { sortTables, tablesOf } from '../tables.ts'

/** Opens a snapshot of the SQLite database in a file. The database must have the newest schema version. */
export function openSqliteSnapshot(path: string): Snapshot {
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    begin(connection)
    return {
      tables: sortTables(tablesOf(connection.run(tablesOfSqlite))),
      schemaVersion: sqliteSchema.length,
      // oxlint-disable-next-line typescript/require-await -- reads are synchronous; the interface is not
      read: async (statement) => connection.run(statement),
      // oxlint-disable-next-line typescript/require-await -- as above
      async renew() {
        connection.exec('commit')
        begin(connection)
      },
      // oxlint-disable-next-line typescript/require-await -- as above
      close: async () => connection.close(),
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Starts the snapshot. SQLite takes the snapshot at the first read. */
function begin(connection: SqliteConnection): void {
  connection.exec('begin')
  connection.run(sql`select count(*) as n from settings`)
}

export const tablesOfSqlite = sql`select t.name as table_name, c.name as column_name,
    c.pk as key_position
  from sqlite_schema t join pragma_table_info(t.name) c
  where t.type = 'table' and t.name not like 'sqlite_%'
  order by t.name, c.cid`

/** Returns the problems that SQLite's own check finds in the database, in at most 20 lines. */
export async function structureProblems(snapshot: Snapshot): Promise<string[]> {
  const rows: Row[] = await snapshot.read(sql`pragma integrity_check(20)`)
  return rows.map(({ integrity_check: line }) => String(line)).filter((line) => line !== 'ok')
}
