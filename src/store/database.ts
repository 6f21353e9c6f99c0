/**
 * The interface to a database. A transaction is atomic, and it is durable once its promise has resolved.
 *
 * Transactions are lists of statements, not callbacks, and conditions are part of statements (`guard`). A transaction is
 * therefore one message to a writer thread or one round trip to a server, holds no lock while code runs, and can share a commit
 * with other transactions (docs/decisions/0002).
 */
import { ServiceError } from '../errors.ts'
import type { GuardName, Row, Sql } from './sql.ts'

export interface Database {
  /**
   * Runs a read. The read sees everything that was committed before this turn of the event loop, and every commit whose promise
   * has resolved in this process. Reads may run concurrently.
   */
  query(statement: Sql): Promise<Row[]>
  /**
   * Runs all statements in order, or none of them. Resolves to the rows that each statement returned, after the commit is
   * durable.
   *
   * Transactions may be requested concurrently, and are serializable. Waiting transactions may share a commit, but fail
   * independently. Throws ConflictError, and changes nothing, if a unique constraint is violated or a guard fails.
   */
  transaction(statements: readonly Sql[]): Promise<Row[][]>
  /** Returns an object that stays the same while reads use the same snapshot. Absent if the engine does not support it. */
  snapshot?(): object
  /**
   * Returns a number that changes with every commit by any process. While the number is the same, earlier reads are still
   * current. Undefined if the engine cannot return the number synchronously.
   */
  changeStamp(): number | undefined
  /**
   * Returns an error if the database is damaged or has lost acknowledged writes, so that nothing may be signed or written.
   * `transaction` and `probe` then throw the same error. Absent if the engine cannot detect this.
   */
  damage?(): DatabaseUnavailableError | undefined
  /** Returns the size of the database on disk, in bytes. */
  sizeBytes(): Promise<number>
  /** Returns the number of connections in each state. Absent for an engine without connections. */
  connections?(): DatabaseConnections
  /** Throws DatabaseUnavailableError within seconds if the database cannot be read or written. */
  probe(): Promise<void>
  /** Finishes pending work, then closes the database. No method may be called afterwards. */
  close(): Promise<void>
  /**
   * Truncates the write-ahead log, so that it contains no copy of deleted data. Absent for a database server, which manages its
   * own log.
   */
  truncateLog?(): Promise<void>
  /** Operations for a database that several nodes share. Absent if one process owns the database. */
  readonly shared?: SharedDatabase
}

/** The number of connections for reads, and the number of reads that wait for a connection. */
export interface DatabaseConnections extends Readonly<Record<string, number>> {
  readonly active: number
  readonly idle: number
  readonly waiting: number
}

export interface SharedDatabase {
  /** Runs `work` while all other nodes wait to run work of the same kind. */
  runExclusively<T>(work: () => Promise<T>): Promise<T>
}

/** The database is unreachable or temporarily refuses requests. The caller may retry; a failed write may have been applied. */
export class DatabaseUnavailableError extends ServiceError {
  override name = 'DatabaseUnavailableError'

  /** `reason` is logged, and `message` is sent to the client. */
  constructor(
    reason: string,
    message = 'The database of the service cannot be reached. Try again later.',
  ) {
    super('ServiceUnavailable', message, { cause: new Error(reason) })
  }
}

/** A guard in a transaction failed, and nothing was changed. */
export class ConflictError extends Error {
  override name = 'ConflictError'
  /** Name of the guard that failed, or `duplicate` for a violated unique constraint. */
  readonly guard: GuardName

  constructor(guard: GuardName, message: string) {
    super(message)
    this.guard = guard
  }
}
