import { pino, type DestinationStream, type Logger } from 'pino'
import { visibleJson } from './visible-text.ts'

/** Structured log: one JSON object a line. Secrets are never given to it, so nothing has to be taken out. */
export type Log = Logger

/** Lines go to `destination`, or to standard error, at `level` and above. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // JSON leaves C1 controls and bidirectional overrides as they are; a log is read on terminals.
    hooks: { streamWrite: visibleJson },
  }
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }))
}
