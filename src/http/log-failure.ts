import type { Log } from '../telemetry/log.ts'

/** Logs an unexpected error in a request. If logging fails, the response is still sent. */
export function logFailure(log: Log, requestId: string, err: unknown): void {
  try {
    log.error({ requestId, err }, 'a request failed unexpectedly')
  } catch {
    // A failure of the log itself cannot be reported anywhere.
  }
}
