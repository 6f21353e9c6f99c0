import { pino, type DestinationStream, type Logger } from 'pino'

/** Structured log: one JSON object a line. Secrets are never given to it, so nothing has to be taken out. */
export type Log = Logger

/** Lines go to `destination`, or to standard error, at `level` and above. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }))
}
