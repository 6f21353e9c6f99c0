/** Typed access to the columns of a row. A value of an unexpected type indicates a bug or a damaged file. */
import type { StorableText } from '../text/storable-text.ts'
import type { Row } from './sql.ts'

export function textOf(row: Row, column: string): StorableText {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} is not text`)
  // Text from the database needs no check, because all text is checked before it is stored.
  return value as StorableText
}

export function optionalTextOf(row: Row, column: string): StorableText | undefined {
  return row[column] === null ? undefined : textOf(row, column)
}

export function integerOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} is not an integer`)
  return value
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} is not bytes`)
  return value
}

/** Returns the date from a column that contains milliseconds since 1970. */
export function dateOf(row: Row, column: string): Date {
  return new Date(integerOf(row, column))
}

export function optionalDateOf(row: Row, column: string): Date | undefined {
  return row[column] === null ? undefined : dateOf(row, column)
}
