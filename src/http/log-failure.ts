import type { Log } from '../telemetry/log.ts'

/** Logs an unexpected error of a request. An error of the log itself must not prevent the answer. */
export function logFailure(log: Log, requestId: string, err: unknown): void {
  try {
    log.error({ requestId, err }, 'request failed unexpectedly')
  } catch {
    // There is no better place to report it.
  }
}
