/** The port to a whole database as it is at one moment, whatever is written meanwhile. */
import { selectPage, type Table } from './tables.ts'
import type { Row, Sql } from './sql.ts'

export interface Snapshot {
  /** Every table, each after those that its rows refer to. */
  readonly tables: readonly Table[]
  /** Of the schema, the same number on all engines. */
  readonly schemaVersion: number
  read(statement: Sql): Promise<Row[]>
  /** Lets the moment go and takes the present one. */
  renew(): Promise<void>
  close(): Promise<void>
}

const pageRows = 1000

/** All rows of a table, page by page, in the order of its key. */
export async function* pagesOf(snapshot: Snapshot, table: Table): AsyncGenerator<Row[]> {
  yield* rowsOf(snapshot, (after, limit) => selectPage(table, after, limit))
}

/** All rows that a statement has page by page: `select` says what follows a row. */
export async function* rowsOf(
  snapshot: Snapshot,
  select: (after: Row | undefined, limit: number) => Sql,
): AsyncGenerator<Row[]> {
  let after: Row | undefined
  do {
    const rows = await snapshot.read(select(after, pageRows))
    if (rows.length > 0) yield rows
    after = rows.length < pageRows ? undefined : rows.at(-1)
  } while (after !== undefined)
}
