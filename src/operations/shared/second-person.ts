/** Requires a second person's approval for calls that are listed in the approval policy of the CA's account. */
import type { ApprovalAction } from '../../approval/actions.ts'
import { ApprovalRequiredError, requireApproval } from '../../approval/require-approval.ts'
import type { Authority } from '../../authority/authority.ts'
import { ServiceError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { personOf } from '../../identity/person.ts'
import { roleArn } from '../../identity/principal-arn.ts'
import type { Services } from '../../services.ts'
import type { Requester } from '../../store/approvals.ts'
import type { Sql } from '../../store/sql.ts'
import { certificateAuthorityArn } from '../../wire/arn.ts'
import type { OperationName } from './operation.ts'

interface CriticalCall {
  readonly action: ApprovalAction
  readonly operation: OperationName
  /** Decoded input, without members that have no effect on the result. */
  readonly input: object
  readonly authority: Authority
}

/**
 * Returns SQL statements that check a call's approval policy and mark its approval as used. The call commits the statements in
 * the same transaction as its effect. Throws AccessDeniedException with the approval ID if the call has not been approved.
 */
export async function requireSecondPerson(
  services: Pick<Services, 'db' | 'clock' | 'random'>,
  caller: Caller,
  { action, operation, input, authority }: CriticalCall,
): Promise<readonly Sql[]> {
  const resourceArn = certificateAuthorityArn(authority)
  try {
    return await requireApproval(services, {
      accountId: authority.accountId,
      action,
      operation,
      region: caller.region,
      resourceArn,
      input,
      requester: () => requesterOf(caller),
    })
  } catch (error) {
    if (!(error instanceof ApprovalRequiredError)) throw error
    throw new ServiceError(
      'AccessDeniedException',
      `User: ${caller.arn} is not authorized to perform: acm-pca:${operation} on resource: ${resourceArn} ${error.message}`,
      { cause: error },
    )
  }
}

/**
 * Returns the requester of a call. All role sessions that a person has started are the same requester. Throws
 * AccessDeniedException for a session whose token does not state who started it.
 */
export function requesterOf(caller: Caller): Requester {
  const person = personOf(caller)
  if (person === undefined)
    throw new ServiceError(
      'AccessDeniedException',
      'The session was created by an earlier version of Signet and does not record who started it. Assume the role again.',
    )
  const { principal, arn } = caller
  return {
    arn: principal.kind === 'role-session' ? roleArn(caller, principal.roleName) : arn,
    person,
  }
}
