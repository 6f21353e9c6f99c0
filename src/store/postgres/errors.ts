/** Classification of PostgreSQL errors (PostgreSQL documentation, "PostgreSQL Error Codes"). */
import { DatabaseUnavailableError } from '../database.ts'
import { DiskFaultError } from '../disk-faults.ts'

/** SQLSTATEs that the code handles. */
export const sqlStates = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  /** An earlier statement in the transaction has failed. */
  inFailedTransaction: '25P02',
  /** Signet's own SQLSTATE: a guarded statement returned the wrong number of rows. */
  otherRows: 'SGNT1',
} as const

/** SQLSTATE of a prepared statement whose table has changed. */
const outdated = '0A000'

/** SQLSTATEs after which nothing was changed and a retry may succeed. */
const retriable: ReadonlySet<string> = new Set([
  sqlStates.serializationFailure,
  sqlStates.deadlock,
  // The prepared statement does not exist, because the transaction that prepared it was rolled back.
  '26000',
  outdated,
])

/**
 * SQLSTATEs for a temporarily unavailable server: connection errors (08), insufficient resources (53), operator intervention
 * such as shutdown, failover or timeout (57), system errors (58), and writes on a standby (25006).
 */
const unavailable = /^(?:08|53|57|58)...$|^25006$|^25P0[34]$|^55P03$/

/** SQLSTATEs for a malformed page in a table or index. */
const damaged: ReadonlySet<string> = new Set(['XX001', 'XX002'])

/** Returns the SQLSTATE of an error that the server sent. Undefined for other errors. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

export function isRetriable(error: unknown): boolean {
  return retriable.has(sqlStateOf(error) ?? '')
}

/** Returns whether a prepared statement on the connection is outdated, in which case the connection must be replaced. */
export function isStatementOutdated(error: unknown): boolean {
  return sqlStateOf(error) === outdated
}

/** Returns whether the connection is lost or about to be closed by the server. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined ? !(error instanceof RangeError) : /^(?:08|57P|25P0[34])/.test(state)
}

/**
 * Converts an error to the error for callers: DatabaseUnavailableError for a temporary condition; any other error indicates a
 * bug or damage. PostgreSQL's `detail` is omitted, because it may contain values from a row.
 */
export function errorOf(error: unknown): Error {
  const state = sqlStateOf(error)
  const { message } = error as Error
  if (state === undefined) {
    if (error instanceof RangeError || error instanceof DatabaseUnavailableError) return error
    return new DatabaseUnavailableError(message)
  }
  if (damaged.has(state)) return new DiskFaultError('damaged', `${message} (SQLSTATE ${state})`)
  return unavailable.test(state) || isRetriable(error)
    ? new DatabaseUnavailableError(`${message} (SQLSTATE ${state})`)
    : new Error(`${message} (SQLSTATE ${state})`)
}
