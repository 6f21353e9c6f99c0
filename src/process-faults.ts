/** Faults of a server process that no request or command reports: they are logged and counted, and never end it. */
import { standardErrorLines } from './log-lines.ts'
import { createLogOn, type Log } from './log.ts'
import type { ProcessFaults } from './metrics.ts'

/** A log on standard error that no full disk, closed pipe or slow reader can stop, and the faults it counts. */
export function createServerLog(level: string): {
  readonly log: Log
  readonly faults: ProcessFaults
} {
  const faults: ProcessFaults = { droppedLogLines: 0, uncaughtErrors: 0 }
  // Node.js and threads write to the stream now and then, and an error without a listener would end the process. For a pipe or
  // a socket the stream sets O_NONBLOCK, so that a reader that has stopped reading does not stop this process.
  process.stderr.on('error', () => {})
  const lines = standardErrorLines(() => (faults.droppedLogLines += 1))
  process.on('exit', () => lines.flushAtEnd())
  return { log: createLogOn(level, lines), faults }
}

/**
 * Logs what no code has caught and goes on. Nothing that a certificate, a CRL or an answer depends on is kept in memory
 * only: writes are transactions of the database, and a database writer that fails stops the process by itself
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
