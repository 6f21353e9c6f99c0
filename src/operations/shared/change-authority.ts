import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { ConflictError } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * Commits statements that are guarded by what was read of a CA: its revision, or the policy on it. Throws
 * ConcurrentModificationException if that was changed meanwhile.
 */
export async function changeAuthority(
  { db }: Pick<Services, 'db'>,
  statements: readonly Sql[],
): Promise<void> {
  try {
    await db.transaction(statements)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw new ServiceError(
      'ConcurrentModificationException',
      'The certificate authority is being changed by another request. Try again.',
      { cause: error },
    )
  }
}

/** The error of an operation after several attempts, each of which conflicted with another change of the CA. */
export function changedTooOften(): ServiceError {
  return new ServiceError(
    'ConcurrentModificationException',
    'The certificate authority is being changed by other requests. Try again.',
  )
}
