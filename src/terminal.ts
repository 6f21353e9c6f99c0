/** Output of commands. All text is escaped here or in print.ts, so that no name can control a terminal. */
import { visibleLines, visibleText } from './text/visible-text.ts'

/** Standard output or standard error. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined
  readonly columns?: number
}

/** Prints text. The caller has escaped it, because styled text contains our own escape sequences. */
export function printLine(output: Output, text: string): void {
  output.write(`${text}\n`)
}

/** Prints an error, with the name of the program before each line. */
export function printProblem(text: string, output: Output = process.stderr): void {
  const lines = visibleLines(text).split('\n')
  output.write(`${lines.map((line) => `signet: ${line}`).join('\n')}\n`)
}

/** Prints a remark that does not make the command fail. */
export function printNote(output: Output, text: string): void {
  output.write(`signet: note: ${visibleText(text)}\n`)
}

/** Prints a sentence that confirms a change, on standard error if standard output is a terminal. */
export function printDone(
  { stdout, stderr }: { readonly stdout: Output; readonly stderr: Output },
  sentence: string,
): void {
  if (stdout.isTTY === true) stderr.write(`${visibleText(sentence)}\n`)
}

/** A usage error of commander, escaped: it repeats arguments, and its suggestion is on a line of its own. */
export function visibleUsageError(text: string): string {
  const [, problem = '', suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*)?\n*$/s.exec(text) ?? []
  return `${visibleText(problem)}${visibleLines(suggestion)}\n`
}

/** Prints lines of progress if the output is a terminal. */
export function progressTo(output: Output): (text: string) => void {
  return (text) => {
    if (output.isTTY === true) output.write(`${visibleText(text)} …\n`)
  }
}

const clearLine = '\r\u001B[K'

/** Replaces the line of progress if the output is a terminal. */
export function showProgress(output: Output, text: string): void {
  if (output.isTTY === true) output.write(`${clearLine}${visibleText(text)}`)
}

export function clearProgress(output: Output): void {
  if (output.isTTY === true) output.write(clearLine)
}
