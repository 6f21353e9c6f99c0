/** Handles errors outside requests and commands. Uncaught errors are logged and counted, and do not end the server process. */
import { standardErrorLines } from '../telemetry/log-lines.ts'
import { createLogOn, type Log, type LogForm } from '../telemetry/log.ts'
import type { ProcessFaults } from '../telemetry/metrics.ts'

/**
 * Creates a log on standard error. A full disk, a closed pipe or a slow reader cannot block the log; dropped lines are counted.
 */
export function createServerLog(level: string): {
  readonly log: Log
  readonly faults: ProcessFaults
} {
  const faults: ProcessFaults = { droppedLogLines: 0, uncaughtErrors: 0 }
  // Node.js and other threads also write to the standard error stream, so its errors need a listener. Creating the stream also
  // sets O_NONBLOCK for a pipe or socket, so that a stalled reader does not block the process.
  process.stderr.on('error', () => {})
  const lines = standardErrorLines((count) => (faults.droppedLogLines += count))
  process.on('exit', () => lines.flushAtEnd())
  return { log: createLogOn(level, lines, formOf(process.stderr)), faults }
}

/** Returns the format of log lines, which is text for a terminal and otherwise JSON. NO_COLOR and TERM=dumb turn off colors. */
function formOf(stream: NodeJS.WriteStream): LogForm {
  if (!stream.isTTY) return 'json'
  return stream.hasColors() ? 'color' : 'text'
}

/**
 * Logs and counts uncaught errors instead of ending the process. Certificates, CRLs and responses never depend on state that
 * exists only in memory. All writes are database transactions, and a failed database writer stops the process
 * (docs/decisions/0017).
 */
export function surviveUncaughtErrors(log: Log, faults: ProcessFaults): void {
  const survive =
    (message: string) =>
    (err: unknown): void => {
      faults.uncaughtErrors += 1
      log.error({ err }, message)
    }
  process.on('uncaughtException', survive('uncaught exception; the process continues'))
  process.on('unhandledRejection', survive('unhandled rejection; the process continues'))
}
