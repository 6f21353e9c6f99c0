import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ConfigurationError } from '../errors.ts'
import { sqliteSchema } from './sqlite-schema.ts'
import type { Row, Sql } from './sql.ts'

/** Marks a file as ours: "Sgnt". */
const applicationId = 0x53_67_6e_74
const busyMilliseconds = 10_000
const statementsMax = 500

/** SQLite's result codes that mean something to us. */
export const sqliteCodes = {
  busy: 5,
  notADatabase: 26,
  primaryKeyViolation: 1555,
  uniqueViolation: 2067,
} as const

/** The result code of an error that SQLite threw; undefined for another error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code : undefined
}

/** One connection with its prepared statements. All methods are synchronous. */
export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string, { readOnly }: { readonly readOnly: boolean }) {
    this.#database = new DatabaseSync(path, { readOnly, timeout: busyMilliseconds })
    this.#database.exec('pragma foreign_keys = on; pragma trusted_schema = off')
    // WAL survives the process; FULL makes a commit survive the machine.
    if (!readOnly) this.#database.exec('pragma synchronous = full; pragma secure_delete = on')
  }

  /** Runs a statement: the rows it returns. Values are bound by position. */
  run({ text, values }: Sql): Row[] {
    return this.#prepare(text).all(...values) as Row[]
  }

  /** Runs statements without values or rows. */
  exec(text: string): void {
    this.#database.exec(text)
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    const statement = this.#database.prepare(text)
    if (this.#statements.size >= statementsMax) this.#statements.clear()
    this.#statements.set(text, statement)
    return statement
  }
}

/**
 * Makes the file a database of the newest schema: what is missing is applied in one transaction. Throws
 * ConfigurationError for a file that is none of ours, or that a newer version wrote.
 */
export function migrate(path: string): void {
  const connection = openForMigration(path)
  try {
    connection.exec('pragma journal_mode = wal; begin immediate')
    const version = readPragma(connection, 'user_version')
    requireOwn(path, connection, version)
    for (const schema of sqliteSchema.slice(version)) connection.exec(schema)
    connection.exec(`pragma application_id = ${applicationId}`)
    connection.exec(`pragma user_version = ${sqliteSchema.length}`)
    connection.exec('commit')
  } catch (error) {
    if (sqliteCode(error) !== sqliteCodes.notADatabase) throw error
    throw new ConfigurationError(`${path} is not a SQLite database`, { cause: error })
  } finally {
    connection.close()
  }
}

function openForMigration(path: string): SqliteConnection {
  try {
    return new SqliteConnection(path, { readOnly: false })
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error
    throw new ConfigurationError(`${path} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function requireOwn(path: string, connection: SqliteConnection, version: number): void {
  const isEmpty =
    connection.run({ text: 'select 1 from sqlite_schema limit 1', values: [] }).length === 0
  if (!isEmpty && readPragma(connection, 'application_id') !== applicationId)
    throw new ConfigurationError(`${path} is a database of another program`)
  if (version > sqliteSchema.length)
    throw new ConfigurationError(
      `${path} was written by a newer version of Signet (schema ${version}; this one knows ${sqliteSchema.length})`,
    )
}

function readPragma(connection: SqliteConnection, name: 'user_version' | 'application_id'): number {
  const [row] = connection.run({ text: `pragma ${name}`, values: [] })
  return Number(row?.[name])
}
