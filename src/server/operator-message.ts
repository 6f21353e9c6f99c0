/** What an error is to an operator, as a command says it and a worker tells its primary. */
import { DatabaseUnavailableError } from '../store/database.ts'
import { DiskFaultError, faultTexts } from '../store/disk-faults.ts'

/** One line or more. What callers of the API are not told of a database, an operator is. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof DatabaseUnavailableError && error.cause instanceof Error))
    return error.message
  const reason = error.cause.message
  return error instanceof DiskFaultError
    ? `the data folder cannot be used: ${faultTexts[error.fault]} (${reason})`
    : `the database cannot be reached: ${reason}`
}
