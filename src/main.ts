/** The process: arguments in, exit code out. */
import { createProgram, isCommanderError } from './cli/program.ts'
import { printLine, printProblem } from './cli/terminal.ts'
import { ConfigurationError } from './errors.ts'
import { problemOf } from './problem.ts'
import { visibleText } from './visible-text.ts'

const exitUsage = 2
const exitFailure = 1

/** Runs one command and sets the exit code: 0 done, 2 asked or set up wrongly, 1 anything else. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whatever is created, by us or by SQLite, is for this user alone.
  process.umask(0o077)
  try {
    const program = await createProgram(printLine, argv)
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? 0 : exitUsage
  // Only our own messages have several lines. A line feed in a name must not begin a line of its own.
  const problem = problemOf(error)
  printProblem(error instanceof ConfigurationError ? problem : visibleText(problem))
  return error instanceof ConfigurationError ? exitUsage : exitFailure
}
