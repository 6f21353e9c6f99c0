import { ConfigurationError } from '../errors.ts'
import { ConflictError, type Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'

/** Makes a change, or throws ConfigurationError with that text if it does not apply. */
export async function changeOr(
  problem: string,
  db: Database,
  statements: readonly Sql[],
): Promise<void> {
  try {
    await db.transaction(statements)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw new ConfigurationError(problem)
  }
}
