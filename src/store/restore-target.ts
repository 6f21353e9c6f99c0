/** The interface to a new database into which a backup is restored. */
import type { Sql, SqlValue } from './sql.ts'
import type { Table } from './tables.ts'

/** A restore in progress. A restore is atomic: the database does not exist until `finish` has resolved. */
export interface RestoreTarget {
  /** The empty tables of the restored schema version. */
  readonly tables: readonly Table[]
  /** Inserts rows into a table. Each row has a value for every column. */
  insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
  ): Promise<void>
  /** Migrates the schema to the newest version and runs the statements. Afterwards, the database exists and is durable. */
  finish(statements: readonly Sql[]): Promise<void>
  /** Removes the incomplete database of an unfinished restore. */
  [Symbol.asyncDispose](): Promise<void>
}
