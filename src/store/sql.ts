/** What a column or parameter may hold: text, integer or bytes (storage.md). */
export type SqlValue = string | number | Uint8Array | null

/** One statement. `text` has `?` where a value goes; values never enter the text. */
export interface Sql {
  readonly text: string
  readonly values: readonly SqlValue[]
  /** Number of rows the statement must return; any other number fails the transaction with ConflictError. */
  readonly expectedRows?: number
}

export type Row = Record<string, SqlValue>

/** Writes a statement with its parameters kept apart: sql`select * from t where id = ${id}`. */
export function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Sql {
  return { text: strings.join('?'), values }
}

/**
 * The same statement, which must return exactly `rows` rows (use `returning`) or undo its whole transaction. This
 * is how a condition guards a write: compare-and-swap, quota, live token.
 */
export function expectRows(statement: Sql, rows: number): Sql {
  return { ...statement, expectedRows: rows }
}
