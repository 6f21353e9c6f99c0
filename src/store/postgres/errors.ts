/** What errors of PostgreSQL mean (PostgreSQL documentation, "PostgreSQL Error Codes"). */
import { DatabaseUnavailableError } from '../database.ts'
import { DiskFaultError } from '../disk-faults.ts'

/** SQLSTATEs that mean something to us. */
export const sqlStates = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  /** In a transaction of which an earlier statement failed. */
  inFailedTransaction: '25P02',
  /** Our own: a statement returned another number of rows than it must. */
  otherRows: 'SGNT1',
} as const

/** A prepared statement whose table has a new column. */
const outdated = '0A000'

/** Nothing was changed, and the same may succeed when it is tried again. */
const retriable: ReadonlySet<string> = new Set([
  sqlStates.serializationFailure,
  sqlStates.deadlock,
  // A prepared statement whose preparation failed with another's transaction.
  '26000',
  outdated,
])

/**
 * The server cannot be used now: connections (08), resources (53), an operator's intervention, as a shutdown, a failover
 * or a time-out (57), a system error (58), a standby (25006).
 */
const unavailable = /^(?:08|53|57|58)...$|^25006$|^25P0[34]$|^55P03$/

/** A page of a table, or of an index, makes no sense. */
const damaged: ReadonlySet<string> = new Set(['XX001', 'XX002'])

/** The SQLSTATE of an error that the server sent; undefined for another error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

export function isRetriable(error: unknown): boolean {
  return retriable.has(sqlStateOf(error) ?? '')
}

/** Whether a prepared statement is out of date: its connection is. */
export function isStatementOutdated(error: unknown): boolean {
  return sqlStateOf(error) === outdated
}

/** Whether the connection is lost, or the server about to end it. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined ? !(error instanceof RangeError) : /^(?:08|57P|25P0[34])/.test(state)
}

/**
 * What callers are told: DatabaseUnavailableError if it is a matter of time, else a fault. The server's `detail` can hold
 * values of a row and stays behind.
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
