import type { Client } from 'pg'
import { clientConfig, connect } from './connection.ts'
import { errorOf } from './errors.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { postgresSchema } from './schema.ts'
import { preparedQuery } from './text.ts'
import type { Snapshot } from '../snapshot.ts'
import { sql, type Row, type Sql } from '../sql.ts'
import { sortTables, tablesOf, versionsBeforePostgres } from '../tables.ts'

/**
 * Opens a snapshot of a PostgreSQL database, which must have the newest schema version. The snapshot ends if its connection is
 * lost.
 */
export async function openPostgresSnapshot(place: PostgresConnectionOptions): Promise<Snapshot> {
  const client = await connect(await clientConfig(place))
  let before: Promise<unknown> = Promise.resolve()
  // A connection can run only one query at a time.
  const read = (statement: Sql): Promise<Row[]> => {
    const reading = before.then(() => readOn(client, statement))
    before = reading.catch(() => {})
    return reading
  }
  try {
    await begin(client)
    return {
      tables: sortTables(tablesOf(await read(tablesOfPostgres)).filter(isDataTable)),
      schemaVersion: postgresSchema.length + versionsBeforePostgres,
      read,
      async renew() {
        await client.query('commit')
        await begin(client)
      },
      close: () => client.end(),
    }
  } catch (error) {
    await client.end()
    throw error
  }
}

async function readOn(client: Client, statement: Sql): Promise<Row[]> {
  try {
    return (await client.query<Row>(preparedQuery(statement))).rows
  } catch (error) {
    throw errorOf(error)
  }
}

/** Starts a snapshot without timeouts, because the consumer of the rows may be slow. */
async function begin(client: Client): Promise<void> {
  await client.query(`begin isolation level repeatable read read only;
    set local idle_in_transaction_session_timeout = 0;
    set local statement_timeout = 0`)
}

/** Returns whether a table contains data. The table `schema_version`, which exists only on PostgreSQL, is not a data table. */
export function isDataTable({ name }: { readonly name: string }): boolean {
  return name !== 'schema_version'
}

export const tablesOfPostgres = sql`select c.relname as table_name, a.attname as column_name,
    coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::int as key_position
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_index i on i.indrelid = c.oid and i.indisprimary
  where n.nspname = 'signet' and c.relkind = 'r'
  order by c.relname, a.attnum`
