/**
 * The interface to a database. A transaction is atomic, and it is durable once its promise has resolved.
 *
 * Transactions are lists of statements, not callbacks, and conditions are part of statements (`guard`). A transaction is
 * therefore a single message to a writer thread, or a single round trip to a server. A transaction holds no lock while
 * application code runs, and can share a commit with other transactions (docs/decisions/0002).
 */
import { ServiceError } from '../errors.ts'
import type { GuardName, Row, Sql } from './sql.ts'

export interface Database {
  /**
   * Runs a read. A read sees everything that was committed before the current turn of the event loop, and every commit whose
   * promise has resolved in this process. Reads may run concurrently.
   */
  query(statement: Sql): Promise<Row[]>
  /**
   * Runs all statements in order, or none of them. Once the commit is durable, the promise resolves to the rows that each
   * statement returned.
   *
   * Callers may request transactions concurrently. Transactions are serializable. Waiting transactions may share a commit, but
   * they fail independently. Throws ConflictError and changes nothing if a unique constraint is violated or a guard fails.
   */
  transaction(statements: readonly Sql[]): Promise<Row[][]>
  /**
   * Returns an object that stays the same as long as reads use the same snapshot. The method is absent if the engine does not
   * support it.
   */
  snapshot?(): object
  /**
   * Returns a number that changes whenever any process commits a transaction. While the number stays the same, the results of
   * earlier reads are current. Returns undefined if the engine cannot return the number synchronously.
   */
  changeStamp(): number | undefined
  /**
   * Returns an error if nothing may be signed or written, because the database is damaged or has lost acknowledged writes. If the
   * database is damaged, `transaction` and `probe` throw the same error. The method is absent if the engine cannot detect damage.
   */
  damage?(): DatabaseUnavailableError | undefined
  /** Returns the size of the database on disk, in bytes. */
  sizeBytes(): Promise<number>
  /** Returns the number of connections in each state. The method is absent if the engine has no connections. */
  connections?(): DatabaseConnections
  /** Tests the database. Throws DatabaseUnavailableError within seconds if the database cannot be read or written. */
  probe(): Promise<void>
  /** Finishes pending work and closes the database. No method may be called afterwards. */
  close(): Promise<void>
  /**
   * Truncates the write-ahead log, so that it contains no copy of deleted data. Returns false if a long read, such as a backup,
   * prevents the truncation. The method is absent for a database server, which manages its own log.
   */
  truncateLog?(): Promise<boolean>
  /** Operations for a database that several nodes share; absent if one process owns the database. */
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

/**
 * Error for a database that is unreachable or temporarily refuses requests. The caller can retry the request, but a failed write
 * might have been applied.
 */
export class DatabaseUnavailableError extends ServiceError {
  override name = 'DatabaseUnavailableError'

  /** `reason` is logged, whereas `message` is sent to the client. */
  constructor(
    reason: string,
    message = 'The database of the service cannot be reached. Try again later.',
  ) {
    super('ServiceUnavailable', message, { cause: new Error(reason) })
  }
}

/** Error for a transaction that has changed nothing, because a guard failed. */
export class ConflictError extends Error {
  override name = 'ConflictError'
  /** Name of the guard that failed, or `duplicate` if a unique constraint was violated. */
  readonly guard: GuardName

  constructor(guard: GuardName, message: string) {
    super(message)
    this.guard = guard
  }
}
