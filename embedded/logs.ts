/** The log of an embedded CA. */
import type { Log } from '../src/telemetry/log.ts'

const nothing = (): void => {}

/** Discards all messages, so that the code of the log on standard error need not be loaded. */
const silentLog = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  isLevelEnabled: () => false,
  written: () => undefined,
} satisfies Log

/** A log on standard error with the messages of `level` and above. */
export async function openLog(level: string): Promise<Log> {
  if (level === 'silent') return silentLog
  const { createLog } = await import('../src/telemetry/log.ts')
  return createLog(level)
}
