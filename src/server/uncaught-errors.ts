/** Faults of a server process outside of requests and commands: they are logged and counted, and do not end the process. */
import { standardErrorLines } from '../telemetry/log-lines.ts'
import { createLogOn, type Log, type LogForm } from '../telemetry/log.ts'
import type { ProcessFaults } from '../telemetry/metrics.ts'

/** A log on standard error that a full disk, closed pipe or slow reader cannot block, and a counter of its dropped lines. */
export function createServerLog(level: string): {
  readonly log: Log
  readonly faults: ProcessFaults
} {
  const faults: ProcessFaults = { droppedLogLines: 0, uncaughtErrors: 0 }
  // Node.js and threads also write to this stream, and its errors must not become uncaught. Creating the stream also sets
  // O_NONBLOCK for a pipe or socket, so that a reader that has stopped reading does not block this process.
  process.stderr.on('error', () => {})
  const lines = standardErrorLines((count) => (faults.droppedLogLines += count))
  process.on('exit', () => lines.flushAtEnd())
  return { log: createLogOn(level, lines, formOf(process.stderr)), faults }
}

/** A terminal receives readable lines. NO_COLOR and TERM=dumb turn colors off. */
function formOf(stream: NodeJS.WriteStream): LogForm {
  if (!stream.isTTY) return 'json'
  return stream.hasColors() ? 'color' : 'text'
}

/**
 * Logs and counts uncaught errors instead of ending the process. No certificate, CRL or answer depends on state that is in
 * memory only: writes are transactions of the database, and a failed database writer stops the process
 * (docs/decisions/0017).
 */
export function surviveUncaughtErrors(log: Log, faults: ProcessFaults): void {
  const survive =
    (message: string) =>
    (err: unknown): void => {
      faults.uncaughtErrors += 1
      log.error({ err }, message)
    }
  process.on('uncaughtException', survive('uncaught exception; the process goes on'))
  process.on('unhandledRejection', survive('unhandled rejection; the process goes on'))
}
