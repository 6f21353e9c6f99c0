import { recorded, type ChangeContext } from '../../store/recorded-states.ts'
import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { ConflictError } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * Commits statements, and leaves of the rows that they change. The statements apply only if the revision or the policy of a CA has
 * not changed since it was read. Throws ConcurrentModificationException if it has changed.
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

/** Creates the error of a call whose approval was used by a concurrent identical call or has expired, or whose policy has changed. */
export function approvalUsed(cause: ConflictError): ServiceError {
  return new ServiceError(
    'AccessDeniedException',
    'The approval of this request was used by another identical request, or has expired, or the approval policy was changed at the same time. Send the request again.',
    { cause },
  )
}

/** Creates the error of an operation if all its attempts conflicted with other changes of the CA. */
export function changedTooOften(): ServiceError {
  return new ServiceError(
    'ConcurrentModificationException',
    'The certificate authority is being changed by other requests. Try again.',
  )
}
