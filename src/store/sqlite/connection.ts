import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ConfigurationError } from '../../errors.ts'
import { readMark } from './commit-mark.ts'
import { recordDamage, restoreAdvice } from '../damage.ts'
import { faultOfResult } from '../disk-faults.ts'
import { sqliteSchema } from './schema.ts'
import { requireStorable, type Row, type Sql, type SqlValue } from '../sql.ts'

/** The application ID of Signet's SQLite files: "Sgnt" in ASCII. */
const applicationId = 0x53_67_6e_74

/** A statement that writes to the disk without changing the database. */
export const probeWrite: Sql = { text: `pragma application_id = ${applicationId}`, values: [] }

const busyMilliseconds = 10_000
const statementsMax = 500

/** SQLite result codes that the connection handles. */
export const sqliteCodes = {
  busy: 5,
  readOnly: 8,
  notADatabase: 26,
  primaryKeyViolation: 1555,
  uniqueViolation: 2067,
} as const

/** Returns the result code of a SQLite error, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code : undefined
}

/** A SQLite connection and its prepared statements. All methods are synchronous. */
export class SqliteConnection {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, Prepared>()
  readonly #recordsDamage: boolean
  #dataVersion: StatementSync | undefined

  constructor(
    path: string,
    {
      readOnly,
      recordsDamage = true,
    }: {
      readonly readOnly: boolean
      /** Whether to record a damaged page and thereby stop issuance. False for a file that might belong to another program. */
      readonly recordsDamage?: boolean
    },
  ) {
    this.path = path
    this.#recordsDamage = recordsDamage
    this.#database = new DatabaseSync(path, { readOnly, timeout: busyMilliseconds })
    this.#database.exec('pragma foreign_keys = on; pragma trusted_schema = off')
    // In WAL mode, a commit survives a crash of the process. With synchronous = FULL, a commit also survives a power failure.
    if (!readOnly) this.#database.exec('pragma synchronous = full; pragma secure_delete = on')
  }

  /**
   * Runs a statement and returns its rows. Values are bound by position. Throws RangeError if a text contains U+0000, or if a
   * bound or returned number is not an integer of at most 53 bits.
   */
  run({ text, values }: Sql): Row[] {
    for (const value of values) requireStorable(value)
    return this.#withDamageRecord(() => {
      const { statement, columns } = this.#prepare(text)
      return statement.all(...values).map((row) => rowOf(columns, row as unknown as SqlValue[]))
    })
  }

  /** Calls `work`, whose statements do not wait for the locks of other connections. */
  withoutWaiting<Result>(work: () => Result): Result {
    this.exec('pragma busy_timeout = 0')
    try {
      return work()
    } finally {
      this.exec(`pragma busy_timeout = ${busyMilliseconds}`)
    }
  }

  /** Runs several queries in one snapshot of the database. Only one call may run at a time. */
  async readSnapshot<T>(reads: () => Promise<T>): Promise<T> {
    this.#database.exec('begin')
    try {
      return await reads()
    } finally {
      this.#database.exec('commit')
    }
  }

  /**
   * Returns a number that changes with every commit by another connection
   * (https://www.sqlite.org/pragma.html#pragma_data_version).
   */
  dataVersion(): number {
    if (this.#dataVersion === undefined) {
      this.#dataVersion = this.#database.prepare('pragma data_version')
      this.#dataVersion.setReturnArrays(true)
    }
    const [version] = this.#dataVersion.get() as unknown as [number]
    return version
  }

  exec(text: string): void {
    this.#withDamageRecord(() => this.#database.exec(text))
  }

  /** Runs `work`. If `work` finds a damaged page, the damage is recorded and issuance stops. */
  #withDamageRecord<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      const code = sqliteCode(error)
      if (this.#recordsDamage && code !== undefined && faultOfResult(code) === 'damaged')
        recordDamage(this.path, {
          kind: 'damaged',
          reason: `${(error as Error).message} (SQLite's result code ${code})`,
        })
      throw error
    }
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(text: string): Prepared {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    const statement = this.#database.prepare(text)
    statement.setReturnArrays(true)
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) }
    if (this.#statements.size >= statementsMax) this.#statements.clear()
    this.#statements.set(text, prepared)
    return prepared
  }
}

interface Prepared {
  readonly statement: StatementSync
  readonly columns: readonly string[]
}

/** Builds a row object. Building the object in this function takes half as long as in node:sqlite. */
function rowOf(columns: readonly string[], values: readonly SqlValue[]): Row {
  const row: Row = {}
  for (let at = 0; at < columns.length; at += 1) row[columns[at] ?? ''] = values[at] ?? null
  return row
}

/**
 * Creates an empty file with mode 0600 unless it exists. An existing file must not be opened: closing it would release all locks
 * that the process holds on the file, including the locks of open connections (fcntl, POSIX.1-2024).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Migrates the database file to the newest schema version in one transaction. Throws ConfigurationError, without changing the
 * file, if another program or a newer version of Signet wrote it.
 */
export function migrate(path: string): void {
  const connection = openForMigration(path)
  try {
    const version = requireOwn(path, connection)
    // WAL mode is set even if the schema version is current, because a restored copy may have another journal mode.
    requireWal(path, connection)
    if (version === sqliteSchema.length) return
    connection.exec('begin immediate')
    applySchema(connection, requireOwn(path, connection), sqliteSchema.length)
    connection.exec('commit')
  } catch (error) {
    throw isDamage(error) ? unusableError(path, error) : error
  } finally {
    connection.close()
  }
}

/** Throws ConfigurationError unless the database file has the newest schema version. Changes nothing. */
export function requireNewestSchema(path: string): void {
  const connection = new SqliteConnection(path, { readOnly: true, recordsDamage: false })
  try {
    const version = requireOwn(path, connection)
    if (version < sqliteSchema.length)
      throw new ConfigurationError(
        `${path} was written by an earlier version of Signet (schema ${version}); the next start with the master key migrates it`,
      )
  } finally {
    connection.close()
  }
}

/** Creates the schema of an earlier version in an empty database. */
export function createAtVersion(connection: SqliteConnection, version: number): void {
  connection.exec('begin')
  applySchema(connection, 0, version)
  connection.exec('commit')
}

function applySchema(connection: SqliteConnection, from: number, to: number): void {
  for (const schema of sqliteSchema.slice(from, to)) connection.exec(schema)
  connection.exec(`pragma application_id = ${applicationId}`)
  connection.exec(`pragma user_version = ${to}`)
}

function openForMigration(path: string): SqliteConnection {
  try {
    createPrivateFile(path)
    return new SqliteConnection(path, { readOnly: false, recordsDamage: false })
  } catch (error) {
    throw unusableError(path, error)
  }
}

function unusableError(path: string, cause: unknown): ConfigurationError {
  const wasOurs = readMark(path) !== 'none'
  const reason =
    sqliteCode(cause) === sqliteCodes.notADatabase && !wasOurs
      ? 'is not a SQLite database'
      : isDamage(cause)
        ? `is damaged (${(cause as Error).message}); ${restoreAdvice}`
        : `cannot be opened: ${(cause as Error).message}`
  return new ConfigurationError(`${path} ${reason}`, { cause })
}

function isDamage(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== undefined && faultOfResult(code) === 'damaged'
}

/**
 * Switches the database to WAL mode, and throws ConfigurationError if WAL mode is not available. On a file system without shared
 * memory, SQLite continues to use the rollback journal and reports this only in the statement's result.
 */
function requireWal(path: string, connection: SqliteConnection): void {
  const [row] = connection.run({ text: 'pragma journal_mode = wal', values: [] })
  if (row?.['journal_mode'] !== 'wal')
    throw new ConfigurationError(
      `${path} is on a file system that does not support write-ahead logging; move the data folder to a local file system`,
    )
}

/** Returns the schema version of the database file. */
function requireOwn(path: string, connection: SqliteConnection): number {
  const version = readPragma(connection, 'user_version')
  const isEmpty =
    connection.run({ text: 'select 1 from sqlite_schema limit 1', values: [] }).length === 0
  if (!isEmpty && readPragma(connection, 'application_id') !== applicationId)
    throw new ConfigurationError(`${path} is a database of another program`)
  if (version > sqliteSchema.length)
    throw new ConfigurationError(
      `${path} was written by a newer version of Signet (schema ${version}; this version supports up to ${sqliteSchema.length})`,
    )
  return version
}

function readPragma(connection: SqliteConnection, name: 'user_version' | 'application_id'): number {
  const [row] = connection.run({ text: `pragma ${name}`, values: [] })
  return Number(row?.[name])
}
