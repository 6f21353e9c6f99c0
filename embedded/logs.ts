/** The logger of an embedded CA. */
import type { Log } from '../src/telemetry/log.ts'

const nothing = (): void => {}

/** A logger that discards all messages. With this logger, the code that writes logs to standard error is not loaded. */
const silentLog = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  isLevelEnabled: () => false,
  written: () => undefined,
} satisfies Log

/** Opens a logger that writes messages at `level` and above to standard error. */
export async function openLog(level: string): Promise<Log> {
  if (level === 'silent') return silentLog
  const { createLog } = await import('../src/telemetry/log.ts')
  return createLog(level)
}
