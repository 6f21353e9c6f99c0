/** The parts of its process that a command uses. Tests pass their own, and run commands in their own process. */
import type { Output } from '../../terminal.ts'

export interface ProcessIo {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Opens standard input, which most commands leave alone. */
  readonly stdin: () => AsyncIterable<unknown>
  readonly stdout: Output
  readonly stderr: Output
}

export interface CommandContext extends ProcessIo {
  /** Prints one answer, which the caller has escaped. */
  readonly print: (text: string) => void
}

/** Standard streams and variables of this process. */
export function processIo(): ProcessIo {
  return {
    environment: process.env,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  }
}
