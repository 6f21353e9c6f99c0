/** Group commit: a single commit of a SQLite database contains many transactions, each in its own savepoint. */
import { ConflictError } from '../database.ts'
import { textOfError } from '../disk-faults.ts'
import { sqliteCode, sqliteCodes, type SqliteConnection } from './connection.ts'
import { countCommit, type CommitFence } from './ownership.ts'
import type { Row, Sql } from '../sql.ts'

/** A request to the writer of a database. */
export type WriterRequest =
  | { readonly kind: 'transaction'; readonly id: number; readonly statements: readonly Sql[] }
  | { readonly kind: 'truncate-log'; readonly id: number }
  | { readonly kind: 'close' }

/** Result of a request to the writer, as plain data for messages between threads and processes. */
export type TransactionOutcome =
  | { readonly rows: Row[][] }
  | { readonly conflict: Pick<ConflictError, 'guard' | 'message'> }
  | { readonly failure: string }

export type WriterReply = TransactionOutcome & { readonly id: number }

export type Transaction = Extract<WriterRequest, { kind: 'transaction' }>

/** Maximum number of transactions in a commit. Further transactions wait for the next commit. */
export const groupMax = 256

export function statementsOf(group: readonly Transaction[]): number {
  return group.reduce((sum, { statements }) => sum + statements.length, 0)
}

/** Truncates the write-ahead log. The column `busy` of the result is 1 if readers prevent the truncation. */
export function truncateLog(connection: SqliteConnection, id: number): WriterReply {
  try {
    return { id, rows: [connection.run({ text: 'pragma wal_checkpoint(truncate)', values: [] })] }
  } catch (error) {
    return { id, failure: textOfError(error, connection.path) }
  }
}

/**
 * Commits the successful transactions of a group. If the commit itself fails, all transactions fail. The owner of the database
 * passes its `fence`.
 */
export function commitGroup(
  connection: SqliteConnection,
  group: readonly Transaction[],
  fence?: CommitFence,
): WriterReply[] {
  try {
    connection.exec('begin immediate')
    const answers = group.map((transaction) => apply(connection, transaction))
    const number = count(connection, fence)
    connection.exec('commit')
    if (number !== undefined) fence?.committed(number)
    return answers
  } catch (error) {
    rollback(connection)
    const failure = textOfError(error, connection.path)
    return group.map(({ id }) => ({ id, failure }))
  }
}

function count(connection: SqliteConnection, fence: CommitFence | undefined): number | undefined {
  if (fence !== undefined) return fence.count(connection)
  countCommit(connection)
  return undefined
}

function rollback(connection: SqliteConnection): void {
  try {
    connection.exec('rollback')
  } catch {
    // After some failures, SQLite itself rolls back the transaction.
  }
}

function apply(connection: SqliteConnection, { id, statements }: Transaction): WriterReply {
  connection.exec('savepoint one')
  try {
    const rows = statements.map((statement) => runGuarded(connection, statement))
    connection.exec('release one')
    return { id, rows }
  } catch (error) {
    undo(connection, error)
    if (error instanceof ConflictError)
      return { id, conflict: { guard: error.guard, message: error.message } }
    return { id, failure: textOfError(error, connection.path) }
  }
}

/**
 * Rolls back one transaction of the group. Throws `cause` if SQLite has rolled back the whole group, for example because the disk
 * is full.
 */
function undo(connection: SqliteConnection, cause: unknown): void {
  try {
    connection.exec('rollback to one; release one')
  } catch {
    throw cause
  }
}

function runGuarded(connection: SqliteConnection, statement: Sql): Row[] {
  const rows = runStatement(connection, statement)
  const { guard } = statement
  if (guard !== undefined && rows.length !== guard.rows)
    throw new ConflictError(guard.name, `${rows.length} rows where ${guard.rows} are expected`)
  return rows
}

function runStatement(connection: SqliteConnection, statement: Sql): Row[] {
  try {
    return connection.run(statement)
  } catch (error) {
    const code = sqliteCode(error)
    if (code !== sqliteCodes.uniqueViolation && code !== sqliteCodes.primaryKeyViolation)
      throw error
    throw new ConflictError('duplicate', (error as Error).message)
  }
}
