/** The port to reads of many rows, off the main thread, on a connection of their own. */
import type { Row, Sql } from './sql.ts'

export interface RowReader {
  read(statement: Sql): Promise<Row[]>
  /** Runs reads that see the same, whatever is written meanwhile. One at a time. */
  readSnapshot<T>(reads: () => Promise<T>): Promise<T>
}
