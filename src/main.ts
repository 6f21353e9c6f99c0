/** Runs a command as a process: sets the umask, handles errors on the standard streams, and sets the exit code. */
import { exitFailure, runCommand } from './cli/run-command.ts'
import { processIo } from './cli/shared/context.ts'
import { exitIfModuleHangs } from './keys/pkcs11/hanging-modules.ts'
import { printProblem } from './terminal.ts'
import { visibleText } from './text/visible-text.ts'

/** Runs a command and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // Only the current user may access files created by this process, including those created by SQLite.
  process.umask(0o077)
  watchOutput(argv[0])
  // If an error on standard output must be reported, watchOutput has already reported it.
  const code = await runCommand(argv, processIo(), (error) => error === outputError)
  if (code !== 0) process.exitCode = code
  exitIfModuleHangs()
}

/** The most recent error on standard output. */
let outputError: NodeJS.ErrnoException | undefined

/**
 * Handles errors on the standard streams. If the reader closes the pipe (`signet … | head`), the command runs to completion
 * without a message, so that no change is left incomplete. A command fails on any other error on standard output, such as a full
 * disk. A server keeps running.
 */
function watchOutput(command: string | undefined): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // With `--call-log -` on a full disk, a server receives the same error repeatedly.
    const isFirst = outputError === undefined
    outputError = error
    if (error.code === 'EPIPE' || !isFirst) return
    printProblem(visibleText(`cannot write to standard output: ${error.message}`))
    if (command !== 'serve') process.exitCode = exitFailure
  })
  // An error on standard error cannot be reported anywhere.
  process.stderr.on('error', () => {})
}
