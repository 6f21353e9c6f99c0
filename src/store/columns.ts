/** Columns of a row as the types they were written with; another type is a fault of ours or a damaged file. */
import type { StorableText } from '../text/storable-text.ts'
import type { Row } from './sql.ts'

export function textOf(row: Row, column: string): StorableText {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} is not text`)
  // Stored text is storable.
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

/** A column of milliseconds since 1970. */
export function dateOf(row: Row, column: string): Date {
  return new Date(integerOf(row, column))
}
