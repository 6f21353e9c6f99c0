/** Where commands write: every text goes through here or through print.ts, so that no name can steer a terminal. */
import { visibleLines, visibleText } from '../visible-text.ts'

/** Text on standard output. The caller has made it visible: styled text has escape sequences of our own. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The lines of an error, each with the name of the program before it. */
export function printProblem(text: string): void {
  const lines = visibleLines(text).split('\n')
  process.stderr.write(`${lines.map((line) => `signet: ${line}`).join('\n')}\n`)
}

/** Something that a command found on the way and that does not make it fail. */
export function printNote(text: string): void {
  process.stderr.write(`signet: note: ${visibleText(text)}\n`)
}

/** What commander says of a command line that it cannot read. It repeats arguments, and a suggestion has a line of its own. */
export function printUsageError(text: string): void {
  const [, problem = '', suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*)?\n*$/s.exec(text) ?? []
  process.stderr.write(`${visibleText(problem)}${visibleLines(suggestion)}\n`)
}

/** Progress on standard error, if that is a terminal. */
export function progressLine(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${visibleText(text)} …\n`)
}

const clearLine = '\r\u001B[K'

/** Progress on a terminal, in place. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${clearLine}${visibleText(text)}`)
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(clearLine)
}
