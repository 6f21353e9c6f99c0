/** Terminal output of commands. Text is escaped here or in print.ts, so that names cannot contain terminal control sequences. */
import { visibleLines, visibleText } from './text/visible-text.ts'

/** Standard output or standard error. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined
  readonly columns?: number
}

/** Prints text that the caller has escaped. Styled text contains escape sequences that the program has added. */
export function printLine(output: Output, text: string): void {
  output.write(`${text}\n`)
}

/** Prints an error, in which each line starts with the name of the program. */
export function printProblem(text: string, output: Output = process.stderr): void {
  const lines = visibleLines(text).split('\n')
  output.write(`${lines.map((line) => `signet: ${line}`).join('\n')}\n`)
}

/** Prints a note, which does not change the exit code. */
export function printNote(output: Output, text: string): void {
  output.write(`signet: note: ${visibleText(text)}\n`)
}

/** Confirms a change on standard error if standard output is a terminal. */
export function printDone(
  { stdout, stderr }: { readonly stdout: Output; readonly stderr: Output },
  sentence: string,
): void {
  if (stdout.isTTY === true) stderr.write(`${visibleText(sentence)}\n`)
}

/**
 * Converts a usage error from Commander to the form of Signet's errors. The error's text is escaped, because the text quotes
 * arguments. If Commander has no suggestion for an unknown command, the error lists the commands that start with the same
 * letters. If no command does, the error lists the commands of a small group, or the command line that prints the commands.
 */
export function visibleUsageError(text: string, group: CommandGroup): string {
  const [, problem = '', suggestion] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean ([^\n]*)\?\))?\n*$/s.exec(text) ?? []
  const advice =
    suggestion === undefined
      ? commandAdvice(problem, group)
      : `; did you mean ${visibleText(suggestion)}?`
  return `signet: ${visibleText(problem)}${advice}\n`
}

/** The program, or a command that has subcommands. */
interface CommandGroup {
  /** Command line of the group, such as `signet ca`. */
  readonly line: string
  readonly commands: readonly string[]
}

const sharedLetters = 4
const listedCommandsMax = 16

function commandAdvice(problem: string, { line, commands }: CommandGroup): string {
  const [, unknown] = /^unknown command '(.*)'$/s.exec(problem) ?? []
  if (unknown === undefined || commands.length === 0) return ''
  const similar = commands.filter((name) => name.startsWith(unknown.slice(0, sharedLetters)))
  if (unknown.length >= sharedLetters && similar.length > 0)
    return `; did you mean ${similar.join(' or ')}?`
  return commands.length > listedCommandsMax
    ? `; list the commands with: ${line} --help`
    : `; the commands are ${commands.join(', ')}`
}

/** Returns a function that prints a progress line if the output is a terminal. */
export function progressTo(output: Output): (text: string) => void {
  return (text) => {
    if (output.isTTY === true) output.write(`${visibleText(text)} …\n`)
  }
}

const clearLine = '\r\u001B[K'

/** Replaces the current progress line if the output is a terminal. */
export function showProgress(output: Output, text: string): void {
  if (output.isTTY === true) output.write(`${clearLine}${visibleText(text)}`)
}

export function clearProgress(output: Output): void {
  if (output.isTTY === true) output.write(clearLine)
}
