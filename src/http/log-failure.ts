import type { Log } from '../telemetry/log.ts'

/** Logs an unexpected error in a request. A failure of the log itself must not prevent the response. */
export function logFailure(log: Log, requestId: string, err: unknown): void {
  try {
    log.error({ requestId, err }, 'request failed unexpectedly')
  } catch {
    // If the log fails, the failure cannot be reported anywhere.
  }
}
