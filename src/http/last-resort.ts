/**
 * The last line of defence of every entry: whatever is thrown while a request is handled is logged and answered with 500.
 * Nothing of it reaches the process, which would end.
 */
import type { ServerResponse } from 'node:http'
import type { Log } from '../log.ts'

/** An answer that says nothing about what failed. */
export interface FailureAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Logs the failure, and answers 500 if nothing was answered yet; otherwise the connection is cut. */
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

/** A log that fails must not keep the failure from being answered. */
export function logFailure(log: Log, requestId: string, err: unknown): void {
  try {
    log.error({ requestId, err }, 'request failed unexpectedly')
  } catch {
    // Nothing is left to say it to.
  }
}
