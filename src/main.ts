/** The process of a command: its umask, its standard streams, its exit code. */
import { exitFailure, runCommand } from './cli/run-command.ts'
import { processIo } from './cli/shared/context.ts'
import { printProblem } from './terminal.ts'
import { visibleText } from './text/visible-text.ts'

/** Runs one command and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // Files that we or SQLite create are for this user alone.
  process.umask(0o077)
  watchOutput(argv[0])
  // An error of standard output was reported already, or needs no report.
  const code = await runCommand(argv, processIo(), (error) => error === outputError)
  if (code !== 0) process.exitCode = code
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
    printProblem(visibleText(`cannot write to standard output: ${error.message}`))
    if (command !== 'serve') process.exitCode = exitFailure
  })
  // There is no better place to report it.
  process.stderr.on('error', () => {})
}
