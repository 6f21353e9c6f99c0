/**
 * The port to a database engine, for one database. An engine implements it in the `engine.ts` of its folder; `engines/index.ts`
 * is the table of engines and selects one by the configuration.
 */
import type { Random } from '../random.ts'
import type { Database } from './database.ts'
import type { RestoreTarget } from './restore-target.ts'
import type { Snapshot } from './snapshot.ts'
import type { Row, Sql } from './sql.ts'

/** The port to reads of many rows, off the main thread, on a connection of their own. */
export interface RowReader {
  read(statement: Sql): Promise<Row[]>
  /** Runs reads that see the same, whatever is written meanwhile. One at a time. */
  readSnapshot<T>(reads: () => Promise<T>): Promise<T>
}

export interface OpenOptions {
  /** Creates the database if it does not exist. */
  readonly mayCreate: boolean
  readonly random: Random
  /** Called when nothing can be written any more. */
  readonly onFailure?: (error: Error) => void
  readonly acceptLoss: boolean
}

export interface Engine {
  /** Several nodes may use the database at the same time. Otherwise one process owns it, and the data folder with it. */
  readonly isShared: boolean
  /** Version of the newest schema. A number means the same tables and columns on every engine. */
  readonly schemaVersion: number
  /**
   * Whether the database exists; undefined if that is known only once it is open. Changes nothing. Throws ConfigurationError if
   * it cannot be opened with these options.
   */
  exists(options: Pick<OpenOptions, 'mayCreate' | 'acceptLoss'>): boolean | undefined
  /** Opens the database and migrates it to the newest schema. Throws ConfigurationError if that is impossible. */
  open(options: OpenOptions): Promise<Database>
  /** All rows as of now. The schema must be the newest. */
  openSnapshot(): Promise<Snapshot>
  /** Faults in the structure of the database, one line each, as far as the engine can check it. */
  structureProblems(snapshot: Snapshot): Promise<string[]>
  /** Throws ConfigurationError if it is already clear that nothing can be restored here. */
  requireRestorable(): void
  /** Begins a restore of rows of an earlier or the same schema version. Throws ConfigurationError if there is a database. */
  openRestore(schemaVersion: number): Promise<RestoreTarget>
  /** A connection that only reads, for a thread. */
  openRows(): RowReader
}
