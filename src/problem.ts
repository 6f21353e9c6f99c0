/** What an error is to an operator, as a command says it and a worker tells its primary. */
import { DatabaseUnavailableError } from './store/database.ts'

/** One line or more. What callers of the API are not told of a database, an operator is. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof DatabaseUnavailableError && error.cause instanceof Error)
    return `the database cannot be reached: ${error.cause.message}`
  return error.message
}
