/** The process: arguments in, exit code out. */
import { createProgram, isCommanderError } from './cli/program.ts'
import { ConfigurationError } from './errors.ts'
import { problemOf } from './problem.ts'

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
  process.stderr.write(
    `${problemOf(error)
      .split('\n')
      .map((line) => `signet: ${line}`)
      .join('\n')}\n`,
  )
  return error instanceof ConfigurationError ? exitUsage : exitFailure
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}
