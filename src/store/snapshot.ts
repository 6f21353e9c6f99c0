/** The interface to a consistent snapshot of an entire database. */
import { selectPage, type Table } from './tables.ts'
import type { Row, Sql } from './sql.ts'

export interface Snapshot {
  /** All tables of the database. Each table comes after the tables that its rows refer to. */
  readonly tables: readonly Table[]
  /** Version of the schema. All engines use the same schema version numbers. */
  readonly schemaVersion: number
  read(statement: Sql): Promise<Row[]>
  /** Replaces the snapshot with a snapshot of the current data. */
  renew(): Promise<void>
  close(): Promise<void>
}

const pageRowsDefault = 1000

/** Yields all rows of a table, page by page, sorted by primary key. */
export async function* pagesOf(snapshot: Snapshot, table: Table): AsyncGenerator<Row[]> {
  yield* rowsOf(snapshot, (after, limit) => selectPage(table, after, limit))
}

/** Yields all rows of a query, in pages of `pageRows` rows. `select` returns the statement for the page after a row. */
export async function* rowsOf(
  snapshot: Pick<Snapshot, 'read'>,
  select: (after: Row | undefined, limit: number) => Sql,
  pageRows = pageRowsDefault,
): AsyncGenerator<Row[]> {
  let after: Row | undefined
  do {
    const rows = await snapshot.read(select(after, pageRows))
    if (rows.length > 0) yield rows
    after = rows.length < pageRows ? undefined : rows.at(-1)
  } while (after !== undefined)
}
