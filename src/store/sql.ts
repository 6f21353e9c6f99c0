import { storable } from '../text/storable-text.ts'

/** The value of a column or parameter. A value is well-formed text without U+0000, an integer of at most 53 bits, or bytes. */
export type SqlValue = string | number | Uint8Array | null

/** An SQL statement. `text` contains a `?` for each value, but never the values themselves. */
export interface Sql {
  readonly text: string
  readonly values: readonly SqlValue[]
  readonly guard?: Guard
  /** Rows that the statement changes and the record covers (recorded-states.ts). */
  readonly changes?: readonly ChangedRow[]
}

/** A row of a recorded table, identified by the values of its key columns in order. */
export interface ChangedRow {
  readonly table: string
  readonly key: readonly SqlValue[]
  /** SHA-256 of the bytes column of a new row, if the record covers such a column. */
  readonly sha256?: Uint8Array
}

/**
 * A condition on a transaction. If the statement does not return this number of rows, the transaction is rolled back with a
 * ConflictError that has this `name`.
 */
export interface Guard {
  readonly name: GuardName
  readonly rows: number
}

/** Reason why a transaction was rolled back. */
export type GuardName =
  /** The row already exists. A violation of any unique constraint is also reported under this name. */
  | 'duplicate'
  /** The row does not exist. */
  | 'missing'
  /** The row was changed after it was read. */
  | 'revision'
  /** The quota is exhausted. In the table of counts, `quota` can also mean that the CA was changed after it was read. */
  | 'quota'
  /** The CRL partition is full. */
  | 'partition'
  /** The idempotency token already refers to another resource. */
  | 'token'
  /** Another process holds the lease. */
  | 'lease'
  /** The CA has reached the limit on waiting certificates. */
  | 'waiting'
  /** Other rows still refer to the row. */
  | 'in-use'
  /** A rotation has replaced the master key that sealed the value. */
  | 'master-key'
  /** The ACME account was deactivated or deleted. */
  | 'account'
  /** Too little time has passed since the previous audit report. */
  | 'interval'
  /** The approval request is not in the required state, or the approval policy has changed. */
  | 'approval'
  /** The ACME order has been finalized or canceled. */
  | 'order'
  /** The enrollment endpoint has been deleted. */
  | 'endpoint'

export type Row = Record<string, SqlValue>

/** Each template's text is joined only once, so that a prepared statement is found under the same string. */
const texts = new WeakMap<TemplateStringsArray, string>()

/** Builds a statement whose parameters are separate from its text. Example: sql`select * from t where id = ${id}`. */
export function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Sql {
  let text = texts.get(strings)
  if (text === undefined) {
    text = strings.join('?')
    texts.set(strings, text)
  }
  return { text, values }
}

/**
 * Adds a guard to a statement. The statement must return exactly `rows` rows (with a `returning` clause); otherwise, the whole
 * transaction is rolled back. Guards implement compare-and-swap, quotas and idempotency tokens.
 */
export function guard(name: GuardName, { text, values }: Sql, rows = 1): Sql {
  return { text, values, guard: { name, rows } }
}

/** Marks a statement that changes rows of recorded tables. `recorded` then adds the leaves for the changed rows. */
export function changing(row: ChangedRow, statement: Sql): Sql {
  return { ...statement, changes: [...(statement.changes ?? []), row] }
}

/**
 * Throws RangeError for a value that an engine would change or refuse. SQLite stores NaN as null and rounds integers of more
 * than 53 bits, PostgreSQL rejects U+0000, and an unpaired surrogate cannot be encoded in UTF-8.
 */
export function requireStorable(value: SqlValue): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`${value} is not an integer of at most 53 bits`)
  if (typeof value === 'string') storable(value)
}
