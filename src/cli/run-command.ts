/** Runs a command with the given command-line arguments and returns its exit code. */
import { CommanderError } from 'commander'
import { ConfigurationError } from '../errors.ts'
import { operatorMessage } from '../server/operator-message.ts'
import { printLine, printProblem } from '../terminal.ts'
import { visibleText } from '../text/visible-text.ts'
import { commandPattern, createProgram, withoutHelpCommand } from './program.ts'
import { asCalled } from './shared/called-as.ts'
import type { ProcessIo } from './shared/context.ts'

export const exitFailure = 1
const exitUsage = 2

/**
 * Runs a command. Resolves to the exit code: 0 for success, 2 for incorrect usage or configuration, and 1 for any other failure.
 */
export async function runCommand(
  words: readonly string[],
  io: ProcessIo,
  isReported: (error: unknown) => boolean = () => false,
): Promise<number> {
  const argv = withoutHelpCommand(words)
  try {
    const program = await createProgram((text) => printLine(io.stdout, text), argv, io)
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (isReported(error)) return 0
    // Commander has already printed the help text or the usage error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage
    const isUsage = error instanceof ConfigurationError
    // Only Signet's own messages may contain several lines. A line feed in a quoted name must not start a new line.
    const problem = asCalled(operatorMessage(error), io, commandPattern)
    printProblem(isUsage ? problem : visibleText(problem), io.stderr)
    return isUsage ? exitUsage : exitFailure
  }
}
