/** Error messages for operators. Commands print the error messages, and workers send them to the primary. */
import { DatabaseUnavailableError } from '../store/database.ts'
import { problemText } from '../text/system-error.ts'
import { DiskFaultError, faultTexts } from '../store/disk-faults.ts'

/**
 * Returns an error message of one or more lines. Unlike a message for API callers, the result contains the reason for a database
 * failure.
 */
export function operatorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof DatabaseUnavailableError && error.cause instanceof Error))
    return problemText(error)
  const reason = error.cause.message
  return error instanceof DiskFaultError
    ? `the data folder cannot be used: ${faultTexts[error.fault]} (${reason})`
    : `the database cannot be reached: ${reason}`
}
