/** Text tables with aligned columns and without ruled lines, at most as wide as the terminal. */
import type { Tone } from '../../inspect/lines.ts'
import { instantWords } from '../../inspect/value-texts.ts'
import type { Output } from '../../terminal.ts'
import { isObject } from '../../text/json.ts'
import { visibleText } from '../../text/visible-text.ts'
import { displayWidth, padToWidth, truncateToWidth, wrapText } from './display-width.ts'
import { paint } from './style.ts'

/** An object that is displayed as a row in a table. */
export type Row = Readonly<Record<string, unknown>>

export interface Column {
  /** Member of the row that the column shows, in PascalCase. */
  readonly key: string
  /** Column header; by default, the words in the key, such as `NOT AFTER`. */
  readonly header?: string
  /** Cell text; by default, the member formatted as text. */
  readonly text?: (row: Row) => string
  readonly tone?: (row: Row) => Tone
  /**
   * How the column shrinks on a narrow terminal: `never`, or `truncate` with an ellipsis (the default). With `id`, an ARN is
   * shortened to its last part, and then to the first characters of that part. With `below`, a sentence is moved to separate
   * lines below its row.
   */
  readonly shrink?: 'never' | 'truncate' | 'id' | 'below'
  /** Whether the column is displayed only with `--wide`. */
  readonly wide?: boolean
}

const gap = '  '
/** Number of characters in a shortened identifier. */
const idCharacters = 8
/** Minimum width of a truncated column. */
const truncatedMin = 6

/**
 * Returns a header and a line for each row, or an empty string if there are no rows. On a terminal, columns shrink to fit the
 * terminal's width unless `wide` is set. All table text is escaped.
 */
export function tableText(
  output: Output,
  rows: readonly Row[],
  { columns = columnsOf(rows), wide = false }: { columns?: readonly Column[]; wide?: boolean } = {},
): string {
  if (rows.length === 0) return ''
  const shown = columns.filter((column) => wide || column.wide !== true)
  const widthMax = output.isTTY === true && !wide ? (output.columns ?? Infinity) : Infinity
  const { table, below } = moveSentences(
    shown.map((column) => ({
      column,
      header: visibleText(column.header ?? wordsOf(column.key).toUpperCase()),
      cells: rows.map((row) => visibleText(column.text?.(row) ?? cellText(row[column.key]))),
    })),
    widthMax,
  )
  const widths = fitWidths(shortenIds(table, widthMax), widthMax)
  const lineOf = (texts: readonly string[], painted: (text: string, at: number) => string) =>
    texts
      .map((text, at) => {
        const cut = truncateToWidth(text, widths[at] ?? 0)
        const padding = at === texts.length - 1 ? '' : padToWidth(cut, widths[at] ?? 0)
        return `${painted(cut, at)}${padding}`
      })
      .join(gap)
      .trimEnd()
  return [
    lineOf(
      table.map(({ header }) => header),
      (text) => paint(output, 'label', text),
    ),
    ...rows.flatMap((row, index) => [
      lineOf(
        table.map(({ cells }) => cells[index] ?? ''),
        (text, at) => paint(output, table[at]?.column.tone?.(row) ?? 'plain', text),
      ),
      ...below.flatMap(({ cells }) => indentedLines(cells[index] ?? '', widthMax)),
    ]),
  ].join('\n')
}

interface Texts {
  readonly column: Column
  readonly header: string
  cells: string[]
}

/** Moves sentences out of the table if the table would be too wide. Columns in which no row has a sentence are omitted. */
function moveSentences(
  all: readonly Texts[],
  widthMax: number,
): { readonly table: readonly Texts[]; readonly below: readonly Texts[] } {
  const isSentence = ({ column }: Texts): boolean => column.shrink === 'below'
  const used = all.filter((texts) => !isSentence(texts) || texts.cells.some((text) => text !== ''))
  if (totalWidth(used.map(widthOf)) <= widthMax) return { table: used, below: [] }
  return { table: used.filter((texts) => !isSentence(texts)), below: used.filter(isSentence) }
}

function indentedLines(text: string, widthMax: number): string[] {
  return text === '' ? [] : wrapText(text, widthMax - gap.length).map((line) => `${gap}${line}`)
}

/** Shortens identifiers if the table is too wide, beginning with ARNs. */
function shortenIds(table: readonly Texts[], widthMax: number): readonly Texts[] {
  for (const shorten of [lastPart, firstCharacters]) {
    if (totalWidth(table.map(widthOf)) <= widthMax) break
    for (const texts of table)
      if (texts.column.shrink === 'id') texts.cells = texts.cells.map(shorten)
  }
  return table
}

function lastPart(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1)
}

function firstCharacters(text: string): string {
  return text.length <= idCharacters + 1 ? text : `${text.slice(0, idCharacters)}…`
}

/** Returns the widths of the columns. The widest column that can be truncated shrinks first. */
function fitWidths(table: readonly Texts[], widthMax: number): number[] {
  const widths = table.map(widthOf)
  const minima = table.map(({ column, header }, at) =>
    (column.shrink ?? 'truncate') === 'truncate'
      ? Math.min(widths[at] ?? 0, Math.max(truncatedMin, displayWidth(header)))
      : (widths[at] ?? 0),
  )
  let excess = totalWidth(widths) - widthMax
  while (excess > 0) {
    const candidates = widths.map((width, at) => (width > (minima[at] ?? 0) ? width : 0))
    const widest = Math.max(...candidates)
    if (widest === 0) break
    const at = candidates.indexOf(widest)
    widths[at] = widest - 1
    excess -= 1
  }
  return widths
}

function widthOf({ header, cells }: Texts): number {
  return cells.reduce((most, cell) => Math.max(most, displayWidth(cell)), displayWidth(header))
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1))
}

/** Long members that are displayed only with `--wide`, because a shorter member already identifies the row. */
const wideKeys: ReadonlySet<string> = new Set(['Arn', 'UserId', 'RoleId'])

/** Returns a table column for each member of the rows. */
function columnsOf(rows: readonly Row[]): Column[] {
  return [...new Set(rows.flatMap(Object.keys))].map((key) => ({ key, wide: wideKeys.has(key) }))
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/**
 * Formats a member. Times have no fractional seconds. Commas separate list elements and object members. In the text of an object,
 * each member's key, converted to words, precedes its value. An empty object is formatted as an empty string.
 */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (value instanceof Date) return instantWords(value.toISOString())
  if (typeof value === 'string') return timePattern.test(value) ? instantWords(value) : value
  if (Array.isArray(value)) return value.map(cellText).join(value.some(isObject) ? '; ' : ', ')
  if (!isObject(value)) return JSON.stringify(value)
  return Object.entries(value)
    .map(([key, member]) => [wordsOf(key), cellText(member)] as const)
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `${label} ${text}`)
    .join(', ')
}

/** Returns a function that formats the day of a time. */
export function dayText(key: string): (row: Row) => string {
  return (row) => cellText(row[key]).slice(0, 10)
}

/** Formats a list of tags. */
export function tagsText({ Tags }: Row): string {
  const tags = Array.isArray(Tags) ? Tags.filter(isObject) : []
  return tags.map(({ Key, Value }) => `${cellText(Key)}=${cellText(Value)}`).join(', ')
}

export function lastUseText({ LastUsedDate }: Row): string {
  return LastUsedDate === undefined ? 'never' : cellText(LastUsedDate)
}

/** Abbreviations that are written in capital letters. */
const capitals = new Map(
  ['arn', 'ca', 'cas', 'crl', 'csr', 'id', 'ocsp', 'sha256', 'url'].map((word) => [
    word,
    word === 'cas' ? 'CAs' : word === 'sha256' ? 'SHA-256' : word.toUpperCase(),
  ]),
)

/** Converts a key to words, such as `AccessKeyId` to `access key ID`. */
export function wordsOf(key: string): string {
  return key
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(' ')
    .map((word) => capitals.get(word.toLowerCase()) ?? word.toLowerCase())
    .join(' ')
}
