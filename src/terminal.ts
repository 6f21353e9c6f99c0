/** Output of commands. All text is escaped here or in print.ts, so that no name can control a terminal. */
import { visibleLines, visibleText } from './text/visible-text.ts'

/** Prints text on standard output. The caller has escaped it, because styled text contains our own escape sequences. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints an error on standard error, with the name of the program before each line. */
export function printProblem(text: string): void {
  const lines = visibleLines(text).split('\n')
  process.stderr.write(`${lines.map((line) => `signet: ${line}`).join('\n')}\n`)
}

/** Prints a remark that does not make the command fail. */
export function printNote(text: string): void {
  process.stderr.write(`signet: note: ${visibleText(text)}\n`)
}

/** Prints a usage error of commander. It repeats arguments, and its suggestion is on a line of its own. */
export function printUsageError(text: string): void {
  const [, problem = '', suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*)?\n*$/s.exec(text) ?? []
  process.stderr.write(`${visibleText(problem)}${visibleLines(suggestion)}\n`)
}

/** Prints a line of progress if standard error is a terminal. */
export function progressLine(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${visibleText(text)} …\n`)
}

const clearLine = '\r\u001B[K'

/** Replaces the line of progress if standard error is a terminal. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${clearLine}${visibleText(text)}`)
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(clearLine)
}
