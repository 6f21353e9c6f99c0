/** The port to a place where a whole database is put that was read elsewhere. */
import type { Sql, SqlValue } from './sql.ts'
import type { Table } from './tables.ts'

/** All or nothing: before `finish` has resolved there is no database at that place. */
export interface RestoreTarget {
  /** The tables of the schema version that it was opened for, empty. */
  readonly tables: readonly Table[]
  /** Inserts rows, with a value for each of the columns. */
  insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly SqlValue[])[],
  ): Promise<void>
  /** Brings the schema to the newest version, runs the statements, and makes it the database of its place, durably. */
  finish(statements: readonly Sql[]): Promise<void>
  /** Leaves nothing behind, unless it is finished. */
  [Symbol.asyncDispose](): Promise<void>
}
