/** Authorizes requests (IAM User Guide, Policy evaluation logic). AWS services need a permission on the CA (CreatePermission). */
import type { Caller } from '../identity/caller.ts'
import {
  decideAccess,
  evaluatedPolicies,
  permittedActions,
  targetOf,
  type AccessRequest,
  type ActionDecision,
  type AuthorizationServices,
  type Target,
} from '../authorization/decide-access.ts'
import { ServiceError } from '../errors.ts'
import { refusedContentText } from '../policy/refused-content.ts'
import { refusedTemplate } from './refused-template.ts'

/**
 * Denies a request that the caller is not permitted to make. Throws InvalidArnException unless the ARN identifies a CA in the
 * caller's partition and Region. Throws AccessDeniedException, with the reason in AWS's words, if a policy denies the request or
 * a required Allow is missing. The error does not reveal whether another account's CA exists. Returns whether the decision
 * depends on the certificate's content, which is not known yet. A decision that depends on the content must be repeated once the
 * content is known.
 */
export async function authorize(
  services: AuthorizationServices,
  caller: Caller,
  access: AccessRequest,
): Promise<boolean> {
  const target = targetOf(caller, access.resourceArn)
  if (caller.principal.kind === 'service') {
    await authorizeService(services, caller, { target, access })
    return false
  }
  let isUndecided = false
  const isOwn = target.accountId === caller.accountId
  const visit = (decision: ActionDecision): void => {
    const { request, verdict, decideAgain } = decision
    if (verdict.outcome === 'allowed') {
      isUndecided ||=
        access.isContentPending === true &&
        evaluatedPolicies(decision).some(({ asksForContent }) => asksForContent)
      return
    }
    const all = evaluatedPolicies(decision)
    const template = isOwn
      ? ''
      : refusedTemplate(request, all, (other) => decideAgain(other).outcome === 'allowed')
    const { action } = request
    const content = refusedContentText(all, request)
    const reason = `${verdict.reason}${content || template}`
    throw accessDenied(caller, { action, target, reason })
  }
  await decideAccess(services, { caller, access }, { visit })
  return isUndecided
}

/**
 * Authorizes a service that acts for an account. The service needs a permission on the CA that grants the action for the account.
 */
async function authorizeService(
  services: AuthorizationServices,
  caller: Caller,
  { target, access }: { readonly target: Target; readonly access: AccessRequest },
): Promise<void> {
  const granted = await permittedActions(services, caller, target)
  const action = access.actions.find((one) => !granted.has(one))
  if (action === undefined) return
  const reason = `because no resource-based policy allows the ${action} action`
  throw accessDenied(caller, { action, target, reason })
}

function accessDenied(
  caller: Caller,
  denied: { readonly action: string; readonly target: Target; readonly reason: string },
): ServiceError {
  const { action, target, reason } = denied
  return new ServiceError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${target.resource} ${reason}`,
  )
}
