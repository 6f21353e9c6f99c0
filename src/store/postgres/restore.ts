import type { Client } from 'pg'
import { ConfigurationError } from '../../errors.ts'
import { advisoryLocks, clientConfig, connect } from './connection.ts'
import { errorOf } from './errors.ts'
import {
  applySchema,
  createSchema,
  requireSuitableServer,
  unusableError,
  versionOf,
} from './migrate.ts'
import { connectionName, type PostgresConnectionOptions } from './connection-options.ts'
import { postgresSchema } from './schema.ts'
import { isDataTable, tablesOfPostgres } from './snapshot.ts'
import { preparedQuery } from './text.ts'
import type { RestoreTarget } from '../restore-target.ts'
import { sql, type Row, type Sql } from '../sql.ts'
import { sortTables, tablesOf, versionsBeforePostgres, type Table } from '../tables.ts'

/** Maximum number of rows in an INSERT statement. PostgreSQL allows at most 65,535 parameters per statement. */
const rowsMax = 200

/**
 * Starts a restore into a database without Signet's schema. The restore is a single transaction. Throws ConfigurationError if the
 * schema exists, if the server is unusable, or if the backup is older than the first schema for PostgreSQL.
 */
export async function openPostgresRestore(
  place: PostgresConnectionOptions,
  schemaVersion: number,
): Promise<RestoreTarget> {
  const name = connectionName(place)
  const version = schemaVersion - versionsBeforePostgres
  if (version < 1)
    throw new ConfigurationError(
      `a backup of schema ${schemaVersion} cannot be restored into PostgreSQL; restore it into SQLite, then back up that database and restore the new backup`,
    )
  const client = await connect(await clientConfig(place)).catch((error: unknown) => {
    throw unusableError(name, error)
  })
  try {
    const tables = await begin(client, { name, version })
    return targetOf(client, { tables, version })
  } catch (error) {
    await client.end()
    throw error instanceof ConfigurationError ? error : unusableError(name, error)
  }
}

async function begin(
  client: Client,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<Table[]> {
  await requireSuitableServer(client, name)
  await client.query(`begin isolation level read committed read write;
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0;
    select pg_advisory_xact_lock(${advisoryLocks.migrate})`)
  if ((await versionOf(client)) !== 0)
    throw new ConfigurationError(`${name} is not empty: it contains a Signet database`)
  await createSchema(client)
  await applySchema(client, postgresSchema.slice(0, version))
  return tablesOf(await read(client, tablesOfPostgres)).filter(isDataTable)
}

async function read(client: Client, statement: Sql): Promise<Row[]> {
  return (await client.query<Row>(preparedQuery(statement))).rows
}

function targetOf(
  client: Client,
  { tables, version }: { readonly tables: readonly Table[]; readonly version: number },
): RestoreTarget {
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      throw errorOf(error)
    }
  }
  return {
    tables,
    async insert(table, columns, rows) {
      for (let at = 0; at < rows.length; at += rowsMax) {
        const some = rows.slice(at, at + rowsMax)
        await run(() => client.query(insertText(table, columns, some.length), some.flat()))
      }
    },
    finish: (statements) =>
      run(async () => {
        await applySchema(client, postgresSchema.slice(version))
        sortTables(tablesOf(await read(client, tablesOfPostgres)).filter(isDataTable))
        await continueNumbers(client)
        for (const statement of statements) await read(client, statement)
        await client.query('commit')
      }),
    // Closing the connection rolls back an unfinished transaction.
    [Symbol.asyncDispose]: () => client.end(),
  }
}

function insertText(table: string, columns: readonly string[], rows: number): string {
  const marks = Array.from({ length: rows }, (_row, row) => {
    const ofRow = columns.map((_column, index) => `$${row * columns.length + index + 1}`)
    return `(${ofRow.join(', ')})`
  })
  return `insert into ${table} (${columns.join(', ')}) values ${marks.join(', ')}`
}

/** Sets each sequence to a value above the highest restored number. */
async function continueNumbers(client: Client): Promise<void> {
  const rows = await read(
    client,
    sql`select table_name, column_name from information_schema.columns
      where table_schema = 'signet' and is_identity = 'YES'`,
  )
  for (const { table_name: table, column_name: column } of rows as Record<string, string>[])
    await client.query(
      `select setval(pg_get_serial_sequence('signet.${table}', '${column}'),
        coalesce((select max(${column}) from ${table}), 0) + 1, false)`,
    )
}
