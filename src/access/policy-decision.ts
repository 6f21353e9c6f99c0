/** What all policies that have a say come to (IAM User Guide, Policy evaluation logic). */
import type { Caller } from '../identity/caller.ts'
import { roleArn } from '../identity/principal-arn.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import { decide, type Decision, type PolicyRequest } from '../policy/evaluation.ts'
import { namesDirectly, type PrincipalIdentity } from '../policy/principal.ts'
import type { Policy } from '../policy/policy-document.ts'

/** What a caller may do, and what it is held to. */
export interface CallerPolicies {
  readonly identity: readonly Policy[]
  /** Undefined for who is held to nothing further. */
  readonly session: readonly Policy[] | undefined
}

/** The policies that a caller brings, read. */
export function callerPolicies({
  policies,
  sessionPolicies,
}: Pick<Caller, 'policies' | 'sessionPolicies'>): CallerPolicies {
  return {
    identity: policies.map((text) => knownPolicy(text, 'identity')),
    session: sessionPolicies?.map((text) => knownPolicy(text, 'identity')),
  }
}

/**
 * A caller as Principal elements name it. A session of a role goes by its own ARN, and by that of its role; a service
 * by its name.
 */
export function identityOf(caller: Caller): PrincipalIdentity {
  const { accountId, arn, principal } = caller
  switch (principal.kind) {
    case 'user':
      return { accountId, names: [arn] }
    case 'role-session':
      return { accountId, names: [arn, roleArn(caller, principal.roleName)] }
    case 'service':
      return { accountId: undefined, names: [principal.name] }
  }
}

/** Policies on what is asked for. */
export interface ResourcePolicies {
  /** Whether it belongs to the caller's account. */
  readonly isOwn: boolean
  /** Whether it is asked also of the caller's own account: the trust policy of a role always is. */
  readonly isRequired: boolean
  /** Looked up only if they can make a difference. */
  readonly find: () => readonly Policy[] | Promise<readonly Policy[]>
}

/**
 * Why a request is refused, in AWS's words; undefined if it is not. In the account of a resource either side may allow;
 * a policy on it allows only whom it names itself there, for an account asks its own policies. Across accounts both
 * sides must.
 */
export async function denialReason(
  caller: CallerPolicies,
  target: ResourcePolicies,
  request: PolicyRequest,
): Promise<string | undefined> {
  const identity = decideAll(caller.identity, request)
  const session = caller.session === undefined ? 'allowed' : decideAll(caller.session, request)
  if (identity === 'denied') return explicitDeny('an identity-based')
  if (session === 'denied') return explicitDeny('a session')
  const missing = identity !== 'allowed' ? 'identity-based' : 'session'
  const isAllowed = identity === 'allowed' && session === 'allowed'
  if (target.isOwn && !target.isRequired && isAllowed) return undefined
  if (!target.isOwn && !isAllowed) return notAllowed(missing, request)
  const policies = await target.find()
  const resource = decideAll(policies, request)
  if (resource === 'denied') return explicitDeny('a resource-based')
  if (resource === 'allowed' && isAllowed) return undefined
  if (target.isOwn && allowsDirectly(policies, request, session)) return undefined
  return notAllowed(target.isOwn && !isAllowed ? missing : 'resource-based', request)
}

/**
 * Whether a policy on a resource of the own account allows who asks by name. What names the session itself is not held to
 * the session's policies; what names its role, or everyone, is.
 */
function allowsDirectly(
  policies: readonly Policy[],
  request: PolicyRequest,
  session: Decision,
): boolean {
  const [itself = '', ...others] = request.principal.names
  const names = session === 'allowed' ? [itself, ...others] : [itself]
  const principal = { ...request.principal, names }
  const naming = policies.map((policy) => ({
    ...policy,
    statements: policy.statements.filter(
      ({ principals }) =>
        principals !== undefined &&
        namesDirectly(principals, principal) &&
        (session === 'allowed' || !principals.everyone),
    ),
  }))
  return decideAll(naming, { ...request, principal }) === 'allowed'
}

/** An explicit Deny in any of the policies wins over an Allow in any. */
function decideAll(policies: readonly Policy[], request: PolicyRequest): Decision {
  const decisions = policies.map((policy) => decide(policy, request))
  if (decisions.includes('denied')) return 'denied'
  return decisions.includes('allowed') ? 'allowed' : 'not-allowed'
}

function explicitDeny(kind: string): string {
  return `with an explicit deny in ${kind} policy`
}

function notAllowed(kind: string, { action }: PolicyRequest): string {
  return `because no ${kind} policy allows the ${action} action`
}
