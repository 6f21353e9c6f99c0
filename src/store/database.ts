/**
 * The port to a database. One port, one guarantee: what `transaction` resolved is durable and atomic.
 *
 * Transactions are lists of statements, not callbacks: a condition goes into a statement (`guard`), so that a
 * transaction is one message to a writer or one round trip to a server, holds no lock while code runs, and many
 * that arrive together share one commit (docs/decisions/0002).
 */
import { ServiceError } from '../errors.ts'
import type { GuardName, Row, Sql } from './sql.ts'

export interface Database {
  /**
   * Runs one read. Sees everything that was committed before this turn of the event loop, and every commit that this process has
   * seen the end of. May be called concurrently.
   */
  query(statement: Sql): Promise<Row[]>
  /**
   * Runs the statements in order, all or none; resolves to each statement's rows, after they are durable.
   *
   * May be called concurrently: transactions are serializable, and those waiting together may share one commit
   * without sharing one fate. Throws ConflictError, having changed nothing, when a unique constraint is violated or
   * a statement returns another number of rows than it expects.
   */
  transaction(statements: readonly Sql[]): Promise<Row[][]>
  /** An object that is the same one as long as all reads see the same. Absent if the engine cannot tell. */
  snapshot?(): object
  /**
   * A number that is another one after every commit, by whichever process, so that what was read before is known to be
   * still true as long as it is the same. Undefined if the database cannot tell at once.
   */
  changeStamp(): number | undefined
  /**
   * The error if nothing may be signed or written any more, because the database is damaged or has lost acknowledged writes.
   * `transaction` and `probe` then throw the same error. Absent if the engine cannot detect this.
   */
  damage?(): DatabaseUnavailableError | undefined
  /** Throws DatabaseUnavailableError unless the database can be read and written now, and says so within seconds. */
  probe(): Promise<void>
  /** Finishes what was asked, then closes. Nothing may be called afterwards. */
  close(): Promise<void>
  /**
   * Empties the write-ahead log, so that no copy of what was deleted is left in it. Absent where the log is the
   * database server's own affair.
   */
  truncateLog?(): Promise<void>
  /** What an engine can that several nodes share. Absent where one process owns the database. */
  readonly shared?: SharedDatabase
}

export interface SharedDatabase {
  /** Does work while no other node does work of this kind; the others wait. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** The database cannot be reached, or refuses for now: what was asked may be tried again. A write may have been applied. */
export class DatabaseUnavailableError extends ServiceError {
  override name = 'DatabaseUnavailableError'

  /** `reason` is for the log, `message` for callers. */
  constructor(
    reason: string,
    message = 'The database of the service cannot be reached. Try again later.',
  ) {
    super('ServiceUnavailable', message, { cause: new Error(reason) })
  }
}

/** A guarded write did not apply; nothing was changed. */
export class ConflictError extends Error {
  override name = 'ConflictError'
  /** Name of the guard that did not hold; `duplicate` if a unique constraint was violated. */
  readonly guard: GuardName

  constructor(guard: GuardName, message: string) {
    super(message)
    this.guard = guard
  }
}
