/**
 * The parts of the process that a command uses. Tests replace the process context, so that commands can run in the test process.
 */
import type { Output } from '../../terminal.ts'

export interface ProcessIo {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Opens standard input, which most commands do not read. */
  readonly stdin: () => AsyncIterable<unknown>
  readonly stdout: Output
  readonly stderr: Output
}

export interface CommandContext extends ProcessIo {
  /** Prints a result that the caller has already escaped. */
  readonly print: (text: string) => void
}

/** Returns the standard streams and environment variables of the current process. */
export function processIo(): ProcessIo {
  return {
    environment: process.env,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  }
}
