/** Classifies PostgreSQL errors (PostgreSQL documentation, "PostgreSQL Error Codes"). */
import { DatabaseUnavailableError } from '../database.ts'
import { DiskFaultError } from '../disk-faults.ts'

/** SQLSTATEs that the code handles individually. */
export const sqlStates = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  /** An earlier statement in the same transaction has failed. */
  inFailedTransaction: '25P02',
  /** SQLSTATE that Signet defines: a guarded statement returned the wrong number of rows. */
  otherRows: 'SGNT1',
} as const

/** SQLSTATE for a prepared statement whose table has changed since it was prepared. */
const outdated = '0A000'

/** SQLSTATEs after which a retry may succeed, because nothing was changed. */
const retriable: ReadonlySet<string> = new Set([
  sqlStates.serializationFailure,
  sqlStates.deadlock,
  // A prepared statement does not exist if the transaction that prepared it was rolled back.
  '26000',
  outdated,
])

/**
 * SQLSTATEs of a temporarily unavailable server: connection errors (08), insufficient resources (53), operator intervention such
 * as shutdown, failover or timeout (57), system errors (58), and writes on a standby (25006).
 */
const unavailable = /^(?:08|53|57|58)...$|^25006$|^25P0[34]$|^55P03$/

/** SQLSTATEs for a malformed page in a table or index. */
const damaged: ReadonlySet<string> = new Set(['XX001', 'XX002'])

/** Returns the SQLSTATE of an error that the server has sent, or undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

export function isRetriable(error: unknown): boolean {
  return retriable.has(sqlStateOf(error) ?? '')
}

/** Returns whether a prepared statement on the connection is outdated, so that the connection must be replaced. */
export function isStatementOutdated(error: unknown): boolean {
  return sqlStateOf(error) === outdated
}

/** Returns whether the connection is lost, or the server is about to close it. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined ? !(error instanceof RangeError) : /^(?:08|57P|25P0[34])/.test(state)
}

/**
 * Converts a PostgreSQL error to an error for callers. DatabaseUnavailableError indicates a temporary condition; any other error
 * indicates a bug or damage. PostgreSQL's `detail` is omitted, because it may contain values from a row.
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
