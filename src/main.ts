/** The process: arguments in, exit code out. */
import { createProgram, isCommanderError } from './cli/program.ts'
import { printLine, printProblem } from './terminal.ts'
import { ConfigurationError } from './errors.ts'
import { problemOf } from './server/operator-message.ts'
import { visibleText } from './text/visible-text.ts'

const exitUsage = 2
const exitFailure = 1

/** Runs one command and sets the exit code: 0 done, 2 asked or set up wrongly, 1 anything else. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whatever is created, by us or by SQLite, is for this user alone.
  process.umask(0o077)
  watchOutput(argv[0])
  try {
    const program = await createProgram(printLine, argv)
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    // An error of standard output was reported already, or needs no report.
    if (error !== outputError) process.exitCode = report(error)
  }
}

/** The error that standard output has met. */
let outputError: NodeJS.ErrnoException | undefined

/**
 * A command whose reader has closed its end (`signet … | head`) finishes quietly, so that no change is left half done. Output
 * that is lost for another reason, such as a full disk, makes the command fail; a server goes on.
 */
function watchOutput(command: string | undefined): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A server with `--call-log -` on a full disk meets the same error again and again.
    const isFirst = outputError === undefined
    outputError = error
    if (error.code === 'EPIPE' || !isFirst) return
    const failure = report(new Error(`cannot write to standard output: ${error.message}`))
    if (command !== 'serve') process.exitCode = failure
  })
  // There is no better place to report it.
  process.stderr.on('error', () => {})
}

function report(error: unknown): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? 0 : exitUsage
  // Only our own messages have several lines. A line feed in a name must not start a new one.
  const problem = problemOf(error)
  printProblem(error instanceof ConfigurationError ? problem : visibleText(problem))
  return error instanceof ConfigurationError ? exitUsage : exitFailure
}
