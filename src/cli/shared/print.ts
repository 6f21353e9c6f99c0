/** Prints a command's result as a table, JSON or CSV. All values are escaped when printed, because any value can be untrusted. */
import type { Output } from '../../terminal.ts'
import { isObject } from '../../text/json.ts'
import { csvCell, visibleJson, visibleText } from '../../text/visible-text.ts'
import { asCalled } from './called-as.ts'
import type { CommandContext } from './context.ts'
import { withSameFlags } from './same-flags.ts'
import { paragraphsText } from './style.ts'
import { cellText, tableText, wordsOf, type Column, type Row } from './table.ts'

/** The first format in the list is the default on a terminal. */
export const outputForms = ['table', 'json', 'csv'] as const

export type OutputForm = (typeof outputForms)[number]

export interface OutputFlags {
  readonly output?: OutputForm
  readonly wide?: boolean
}

export interface Result {
  /** Value to print as JSON: an object or a list of objects, with keys in PascalCase. */
  readonly value: unknown
  /** Rows of the CSV and the table; by default, the value itself or the elements of a list. */
  readonly rows?: readonly object[]
  /** Columns of the table; by default, a column for each member. */
  readonly columns?: readonly Column[]
  /** Columns of the CSV; by default, all members of the rows. */
  readonly csvKeys?: readonly string[]
  /** Returns escaped text to print instead of the table. */
  readonly text?: () => string
  /** Sentence to print instead of an empty table. */
  readonly empty?: string
}

/** Prints a result. The table for a single object has a line for each member. */
export function printResult(
  context: Pick<CommandContext, 'print' | 'stdout' | 'stderr'>,
  { output = 'table', wide = false }: OutputFlags,
  result: Result,
): void {
  const { value, columns, empty = 'Nothing found.' } = result
  const rows = rowsOf(result)
  if (output === 'json') context.print(visibleJson(JSON.stringify(value, undefined, 2)))
  else if (output === 'csv') context.print(csvText(rows, result.csvKeys))
  else if (result.text !== undefined) context.print(result.text())
  else if (rows.length === 0) context.stderr.write(`${visibleText(empty)}\n`)
  else if (Array.isArray(value))
    context.print(tableText(context.stdout, rows, { ...(columns && { columns }), wide }))
  else context.print(rows.map((row) => detailsText(context.stdout, row)).join('\n\n'))
}

function rowsOf({ value, rows }: Result): Row[] {
  const objects: readonly unknown[] = rows ?? (Array.isArray(value) ? value : [value])
  return objects.filter(isObject)
}

/** Returns a line for each member of an object that has a value. */
export function detailsText(output: Output, row: Row): string {
  const lines = Object.entries(row)
    .map(([key, value]) => ({
      label: visibleText(wordsOf(key)),
      text: cellText(value),
      tone: 'plain' as const,
    }))
    .filter(({ text }) => text !== '')
  return paragraphsText(output, [{ title: undefined, lines }])
}

/** Formats rows as CSV with a header line. Every CSV cell is quoted, and lists are joined with spaces. */
function csvText(rows: readonly Row[], csvKeys?: readonly string[]): string {
  const keys = csvKeys ?? [...new Set(rows.flatMap(Object.keys))]
  const head = keys.map((key) => (/^\w+$/.test(key) ? key : csvCell(key))).join(',')
  return [
    head,
    ...rows.map((row) => keys.map((key) => csvCell(csvValue(row[key]))).join(',')),
  ].join('\n')
}

function csvValue(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join(' ')
  return JSON.stringify(value)
}

const camelCase = /^[a-z][A-Za-z0-9]*$/

/** Converts keys from camelCase to PascalCase, as in AWS's API. Keys in any other form are unchanged. */
export function pascalCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascalCaseKeys)
  if (!isObject(value) || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      camelCase.test(key) ? `${key.charAt(0).toUpperCase()}${key.slice(1)}` : key,
      pascalCaseKeys(member),
    ]),
  )
}

/**
 * Prints suggested next commands on standard error, if standard output is a terminal. The suggested commands include the flags in
 * `flags` that select the server or its data.
 */
export function nextSteps(
  { stdout, stderr, environment }: Pick<CommandContext, 'stdout' | 'stderr' | 'environment'>,
  lines: readonly string[],
  flags: object = {},
): void {
  if (stdout.isTTY !== true || lines.length === 0) return
  const texts = lines.map(
    (line) => `  ${visibleText(asCalled(withSameFlags(line, flags), { environment }))}\n`,
  )
  stderr.write(`\nNext:\n${texts.join('')}`)
}
