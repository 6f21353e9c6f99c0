import type { Log } from '../src/telemetry/log.ts'

const nothing = (): void => {}

/** Writes nothing. It is no logger of the library's, which need not be loaded then. */
const silentLog = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  trace: nothing,
  isLevelEnabled: () => false,
} satisfies Partial<Log>

/** Lines go to standard error, at `level` and above. */
export async function openLog(level: string): Promise<Log> {
  // What is missing of it nobody calls: test/embedded-process.test.ts looks for it in the sources.
  if (level === 'silent') return silentLog as unknown as Log
  const { createLog } = await import('../src/telemetry/log.ts')
  return createLog(level)
}
