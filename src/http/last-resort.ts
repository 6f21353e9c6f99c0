/**
 * The last catch of every entry point: an unexpected error while a request is handled is logged and answered with 500. It
 * never becomes an uncaught error of the process.
 */
import type { ServerResponse } from 'node:http'
import type { Log } from '../telemetry/log.ts'

/** An answer without details of the failure. */
export interface FailureAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Logs the failure and answers 500. If an answer has begun already, the connection is closed instead. */
export function failRequest(
  log: Log,
  { requestId, error }: { readonly requestId: string; readonly error: unknown },
  { response, answer }: { readonly response: ServerResponse; readonly answer: FailureAnswer },
): void {
  logFailure(log, requestId, error)
  try {
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { ...answer.headers, connection: 'close' }).end(answer.body)
  } catch {
    response.destroy()
  }
}

/** Logs the failure. An error of the log itself must not prevent the answer. */
export function logFailure(log: Log, requestId: string, err: unknown): void {
  try {
    log.error({ requestId, err }, 'request failed unexpectedly')
  } catch {
    // There is no better place to report it.
  }
}
