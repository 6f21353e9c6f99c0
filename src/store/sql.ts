import { storable } from '../text/storable-text.ts'

/** What a column or parameter may hold: well-formed text without U+0000, an integer of 53 bits or bytes (storage.md). */
export type SqlValue = string | number | Uint8Array | null

/** One statement. `text` has `?` where a value goes; values never enter the text. */
export interface Sql {
  readonly text: string
  readonly values: readonly SqlValue[]
  readonly guard?: Guard
}

/** A condition of a transaction: with another number of rows nothing is changed, and ConflictError has the name. */
export interface Guard {
  readonly name: GuardName
  readonly rows: number
}

/** Why a transaction did not apply. */
export type GuardName =
  /** There is such a row already. Also the name of every violated unique constraint. */
  | 'duplicate'
  /** There is no such row. */
  | 'missing'
  /** The row was changed after it was read. */
  | 'revision'
  /** The quota has no room; for the counts of a CA also that the CA was changed after it was read. */
  | 'quota'
  /** The partition of a CRL has no room. */
  | 'partition'
  /** The idempotency token stands for another resource. */
  | 'token'
  /** Another process has the lease. */
  | 'lease'
  /** Other rows still need this one. */
  | 'in-use'
  /** Too little time has passed since the last one. */
  | 'interval'

export type Row = Record<string, SqlValue>

/** Each statement of the source is joined once: whoever has prepared it finds the very same text again. */
const texts = new WeakMap<TemplateStringsArray, string>()

/** Writes a statement with its parameters kept apart: sql`select * from t where id = ${id}`. */
export function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Sql {
  let text = texts.get(strings)
  if (text === undefined) {
    text = strings.join('?')
    texts.set(strings, text)
  }
  return { text, values }
}

/**
 * The same statement, which must return exactly `rows` rows (use `returning`) or undo its whole transaction. This
 * is how a condition guards a write: compare-and-swap, quota, live token.
 */
export function guard(name: GuardName, { text, values }: Sql, rows = 1): Sql {
  return { text, values, guard: { name, rows } }
}

/**
 * Throws RangeError for a value that an engine would store as another one, or not at all: SQLite makes null of NaN and
 * rounds what is longer than 53 bits, PostgreSQL has no U+0000 in text, and half of a surrogate pair is in no UTF-8 text.
 */
export function requireStorable(value: SqlValue): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`${value} is not an integer of at most 53 bits`)
  if (typeof value === 'string') storable(value)
}
