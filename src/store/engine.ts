/**
 * The interface to a database engine. Each engine implements it in the `engine.ts` of its folder. `engines/index.ts` contains
 * the table of engines and selects an engine according to the configuration.
 */
import type { Random } from '../random.ts'
import type { Database } from './database.ts'
import type { RestoreTarget } from './restore-target.ts'
import type { Snapshot } from './snapshot.ts'
import type { Row, Sql } from './sql.ts'

/** The interface for reads of many rows, which run outside the main thread and on a separate connection. */
export interface RowReader {
  read(statement: Sql): Promise<Row[]>
  /** Runs reads in one snapshot of the database. Only one call may run at a time. */
  readSnapshot<T>(reads: () => Promise<T>): Promise<T>
}

export interface OpenOptions {
  /** Whether to create the database if it does not exist. */
  readonly mayCreate: boolean
  readonly random: Random
  /** Called when the database can no longer be written. */
  readonly onFailure?: (error: Error) => void
  readonly acceptLoss: boolean
}

export interface Engine {
  /** True if several nodes may use the database at the same time. Otherwise one process owns the database and its data folder. */
  readonly isShared: boolean
  /** Newest schema version. A version has the same tables and columns on every engine. */
  readonly schemaVersion: number
  /**
   * Returns whether the database exists, without changing anything. Undefined if that is known only after opening it. Throws
   * ConfigurationError if the database cannot be opened with these options.
   */
  exists(options: Pick<OpenOptions, 'mayCreate' | 'acceptLoss'>): boolean | undefined
  /** Opens the database and migrates it to the newest schema. Throws ConfigurationError if it cannot be opened. */
  open(options: OpenOptions): Promise<Database>
  /**
   * Opens the database for reads, without creating, migrating or recording anything other than lost writes. Throws
   * ConfigurationError if it cannot be opened, or does not have the newest schema.
   */
  openReadOnly(): Promise<Database>
  /**
   * Returns the rows of a read without creating, migrating or recording anything. Undefined if the database, a table or a column
   * does not exist. Throws ConfigurationError if the database cannot be reached or read.
   */
  peek(statement: Sql): Promise<Row[] | undefined>
  /** Opens a snapshot of all current rows. The schema must be the newest. */
  openSnapshot(): Promise<Snapshot>
  /** Checks the structure of the database to the extent that the engine can, and returns one line per fault. */
  structureProblems(snapshot: Snapshot): Promise<string[]>
  /** Throws ConfigurationError if a restore into this database is bound to fail. */
  requireRestorable(): void
  /** Starts a restore of rows from the same or an earlier schema version. Throws ConfigurationError if the database exists. */
  openRestore(schemaVersion: number): Promise<RestoreTarget>
  /** Opens a read-only connection for a thread. */
  openRows(): RowReader
}
