/** The interface to a new database that a restore fills. */
import type { Sql, SqlValue } from './sql.ts'
import type { Table } from './tables.ts'

/** A restore is atomic: the database does not exist until `finish` has resolved. */
export interface RestoreTarget {
  /** The empty tables of the schema version that is restored. */
  readonly tables: readonly Table[]
  /** Inserts rows that have a value for each column. */
  insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
  ): Promise<void>
  /** Migrates the schema to the newest version, runs the statements, and makes the database exist durably. */
  finish(statements: readonly Sql[]): Promise<void>
  /** Removes an unfinished restore. */
  [Symbol.asyncDispose](): Promise<void>
}
