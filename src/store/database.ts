/**
 * The port to a database. One port, one guarantee: what `transaction` resolved is durable and atomic.
 *
 * Transactions are lists of statements, not callbacks: a condition goes into a statement (`expectRows`), so that a
 * transaction is one message to a writer or one round trip to a server, holds no lock while code runs, and many
 * that arrive together share one commit (docs/decisions/0002).
 */
import type { Row, Sql } from './sql.ts'

export interface Database {
  /** Runs one read. Sees everything committed before the call. May be called concurrently. */
  query(statement: Sql): Promise<Row[]>
  /**
   * Runs the statements in order, all or none; resolves to each statement's rows, after they are durable.
   *
   * May be called concurrently: transactions are serializable, and those waiting together may share one commit
   * without sharing one fate. Throws ConflictError, having changed nothing, when a unique constraint is violated or
   * a statement returns another number of rows than it expects.
   */
  transaction(statements: readonly Sql[]): Promise<Row[][]>
  /**
   * A number that is another one after every commit, by whichever process, so that what was read before is known to be
   * still true as long as it is the same. Undefined if the database cannot tell at once.
   */
  changeStamp(): number | undefined
  /** Finishes what was asked, then closes. Nothing may be called afterwards. */
  close(): Promise<void>
}

/** A guarded write did not apply; nothing was changed. */
export class ConflictError extends Error {
  override name = 'ConflictError'
  /** Index, within the transaction, of the statement that did not apply. */
  readonly statement: number

  constructor(statement: number, message: string) {
    super(message)
    this.statement = statement
  }
}
