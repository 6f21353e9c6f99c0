import type { Log } from '../src/telemetry/log.ts'

const nothing = (): void => {}

/** Writes nothing. The log on standard error need not be loaded then. */
const silentLog = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  isLevelEnabled: () => false,
  written: () => undefined,
} satisfies Log

/** Lines go to standard error, at `level` and above. */
export async function openLog(level: string): Promise<Log> {
  if (level === 'silent') return silentLog
  const { createLog } = await import('../src/telemetry/log.ts')
  return createLog(level)
}
