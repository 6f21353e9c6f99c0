/**
 * The interface to a database engine. Each engine implements the interface in the file `engine.ts` in its own folder.
 * `engines/index.ts` contains the table of engines, and selects an engine according to the configuration.
 */
import type { Random } from '../random.ts'
import type { Database } from './database.ts'
import type { RestoreTarget } from './restore-target.ts'
import type { Snapshot } from './snapshot.ts'
import type { Row, Sql } from './sql.ts'

/** The interface for reads of many rows. Such reads use a separate connection and do not run on the main thread. */
export interface RowReader {
  read(statement: Sql): Promise<Row[]>
  /** Runs several reads in one snapshot of the database. Only one call may run at a time. */
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
  /**
   * Whether several nodes may use the database at the same time. If the value is false, a single process owns the database and
   * its data folder.
   */
  readonly isShared: boolean
  /** Newest version of the schema. Every engine has the same tables and columns in a given schema version. */
  readonly schemaVersion: number
  /**
   * Returns whether the database exists, and changes nothing. Returns undefined if the engine would have to open the database.
   * Throws ConfigurationError if the database cannot be opened with the given options.
   */
  exists(options: Pick<OpenOptions, 'mayCreate' | 'acceptLoss'>): boolean | undefined
  /**
   * Opens the database and migrates it to the newest schema version. Throws ConfigurationError if the database cannot be
   * opened.
   */
  open(options: OpenOptions): Promise<Database>
  /**
   * Opens the database read-only. The method creates and migrates nothing, and records only lost writes. Throws
   * ConfigurationError if the database cannot be opened or does not have the newest schema version.
   */
  openReadOnly(): Promise<Database>
  /**
   * Returns the rows of a read without creating, migrating or recording anything. Returns undefined if the database, a table or
   * a column does not exist. Throws ConfigurationError if the database cannot be reached or read.
   */
  peek(statement: Sql): Promise<Row[] | undefined>
  /** Opens a snapshot of all current rows. The database must have the newest schema version. */
  openSnapshot(): Promise<Snapshot>
  /** Checks the structure of the database as far as the engine can, and returns one line per fault. */
  structureProblems(snapshot: Snapshot): Promise<string[]>
  /** Throws ConfigurationError if a restore into the database cannot succeed. */
  requireRestorable(): void
  /**
   * Starts a restore of rows from a backup with the current or an earlier schema version. Throws ConfigurationError if the
   * database already exists.
   */
  openRestore(schemaVersion: number): Promise<RestoreTarget>
  /** Opens a read-only connection that a thread uses for reads of many rows. */
  openRows(): RowReader
}
