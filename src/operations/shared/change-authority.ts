import { recorded, type ChangeContext } from '../../store/recorded-states.ts'
import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { ConflictError } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * Commits SQL statements, and the leaves for the rows that they change. Throws ConcurrentModificationException if the CA's
 * revision or policy has changed since the CA was read.
 */
export async function changeAuthority(
  { db }: Pick<Services, 'db'>,
  statements: readonly Sql[],
  context: ChangeContext,
): Promise<void> {
  try {
    await db.transaction(recorded(statements, context))
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (error.guard === 'approval') throw approvalUsed(error)
    throw new ServiceError(
      'ConcurrentModificationException',
      'The certificate authority is being changed by another request. Try again.',
      { cause: error },
    )
  }
}

/**
 * Creates the error for a call whose approval can no longer be used: the approval has expired, an identical call has used it, or
 * the approval policy has changed.
 */
export function approvalUsed(cause: ConflictError): ServiceError {
  return new ServiceError(
    'AccessDeniedException',
    'The approval of this request has expired, an identical request has used it, or the approval policy has changed. Send the request again.',
    { cause },
  )
}

/** Creates the error for an operation whose attempts all conflicted with other changes to the CA. */
export function changedTooOften(): ServiceError {
  return new ServiceError(
    'ConcurrentModificationException',
    'The certificate authority is being changed by other requests. Try again.',
  )
}
