/** How commands print their answers: JSON, or a table for people. */
import Table from 'cli-table3'
import { Option, type Command } from 'commander'
import { isObject } from '../policy-json.ts'

export type Print = (text: string) => void

/** What `--output` gave. */
export interface OutputFlags {
  readonly output?: 'json' | 'table'
}

/** Adds `--output`. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('--output <form>', 'how the answer is printed')
      .choices(['json', 'table'])
      .default('json'),
  )
}

/** Prints an object, or a list of them, in the form that is asked for. */
export function printAnswer(print: Print, { output }: OutputFlags, answer: unknown): void {
  print(output === 'table' ? tableOf(answer) : JSON.stringify(answer, undefined, 2))
}

/** A row for each object, a column for each of their members. */
export function tableOf(answer: unknown, compact = false): string {
  const rows = (Array.isArray(answer) ? answer : [answer]).filter(isObject)
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const table = new Table({ head, style: { head: [], border: [], compact } })
  for (const row of rows) table.push(head.map((name) => cellOf(row[name])))
  return rows.length === 0 ? '' : table.toString()
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join('\n')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
