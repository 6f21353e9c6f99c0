import type { Caller } from '../identity/caller.ts'
import type { Log } from '../telemetry/log.ts'

/** What is written about one request; never a body, a header or a signature. */
export interface RequestRecord {
  readonly requestId: string
  readonly operation: string | undefined
  readonly caller: Caller | undefined
  /** HTTP status. */
  readonly status: number
  readonly errorCode: string | undefined
  readonly milliseconds: number
}

/** Writes the one line of a request. What failed on our side, status 500 and above, is written with all of `error`. */
export function logRequest(log: Log, record: RequestRecord, error?: unknown): void {
  const { caller, ...line } = record
  const fields = {
    ...line,
    caller: caller?.arn,
    account: caller?.accountId,
    region: caller?.region,
  }
  if (record.status < 500) log.info(fields, 'request')
  else log.error({ ...fields, err: error }, 'request failed')
}
