/** Restricts information about the entire server to the account that operates it (decision 0046). */
import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { findOperatorAccount } from '../../store/accounts.ts'
import type { OperationName, ScopedCaller } from '../shared/operation.ts'

/** Throws AccessDeniedException unless the caller belongs to the account that was created when the server first started. */
export async function requireOperator(
  { db }: Pick<Services, 'db'>,
  caller: ScopedCaller,
  operation: OperationName,
): Promise<void> {
  if ((await findOperatorAccount(db)) === caller.accountId) return
  throw new ServiceError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: signet:${operation} because account ${caller.accountId} does not operate this server. Only the account that was created when the server first started can read information about the server.`,
  )
}
