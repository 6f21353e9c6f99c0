/** Prints answers of commands as JSON, CSV or a table for people. All values are escaped here, because any may be untrusted. */
import Table from 'cli-table3'
import { isObject } from '../../text/json.ts'
import { csvCell, visibleJson, visibleText } from '../../text/visible-text.ts'
import type { CommandContext } from './context.ts'

export type Form = 'json' | 'table' | 'csv'

export interface OutputFlags {
  readonly output?: 'json' | 'table'
}

/** Prints an object, or a list of objects, as JSON unless a table is chosen. */
export function printAnswer(
  { print }: Pick<CommandContext, 'print'>,
  { output }: OutputFlags,
  answer: unknown,
): void {
  print(output === 'table' ? tableOf(answer) : visibleJson(JSON.stringify(answer, undefined, 2)))
}

/** Lines of CSV with a head; every cell of a row is quoted, and a list is joined with spaces. */
export function csvOf<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Partial<Record<Column, string | readonly string[]>>>[],
): string {
  const cellsOf = (row: (typeof rows)[number]): string =>
    columns
      .map((column) => row[column] ?? '')
      .map((value) => csvCell(typeof value === 'string' ? value : value.join(' ')))
      .join(',')
  return [columns.join(','), ...rows.map(cellsOf)].join('\n')
}

/** A row for each object, a column for each of their members. Names of members may be untrusted, too. */
export function tableOf(answer: unknown, compact = false): string {
  const rows = (Array.isArray(answer) ? answer : [answer]).filter(isObject)
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const table = new Table({ head: head.map(visibleText), style: { head: [], border: [], compact } })
  for (const row of rows) table.push(head.map((name) => cellOf(row[name])))
  return rows.length === 0 ? '' : table.toString()
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.map(visibleText).join('\n')
  return visibleText(typeof value === 'string' ? value : JSON.stringify(value))
}
