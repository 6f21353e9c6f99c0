import { pino, type DestinationStream, type Logger } from 'pino'
import { visibleJson } from '../text/visible-text.ts'
import { standardErrorLines, type LogLines } from './log-lines.ts'

/** Structured log: one JSON object a line. Secrets are never given to it, so nothing has to be taken out. */
export type Log = Logger

/** Lines go to `destination`, or to standard error, at `level` and above. */
export function createLog(level: string, destination?: DestinationStream): Log {
  if (destination === undefined) return createLogOn(level, standardErrorLines())
  return loggerOn(level, destination)
}

/** A log that reports the number of dropped lines as soon as it can be written again. */
export function createLogOn(level: string, lines: LogLines): Log {
  const log = loggerOn(level, lines)
  lines.onRecovery = (recovery) =>
    log.error(recovery, 'log lines were dropped: standard error could not be written')
  return log
}

function loggerOn(level: string, destination: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // JSON does not escape C1 controls and bidirectional overrides, and logs are read in terminals.
    hooks: { streamWrite: visibleJson },
  }
  return pino(options, destination)
}
