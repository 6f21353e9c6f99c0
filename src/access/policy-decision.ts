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

/** Policies on the requested resource. */
export interface ResourcePolicies {
  /** Whether the resource belongs to the caller's account. */
  readonly isOwn: boolean
  /** Whether they also decide in the caller's own account: the trust policy of a role always does. */
  readonly isRequired: boolean
  /** Undefined if they are not read yet. */
  readonly policies: readonly Policy[] | undefined
}

export interface Denial {
  /** In AWS's words. */
  readonly reason: string
  /** False if policies on the resource, which are not read yet, may still allow the request. */
  readonly isFinal: boolean
}

/**
 * The denial of a request; undefined if it is allowed. In the account of a resource either side may allow; a policy on it
 * allows only whom it names itself there, for an account asks its own policies. Across accounts both sides must.
 */
export function denialOf(
  caller: CallerPolicies,
  { isOwn, isRequired, policies }: ResourcePolicies,
  request: PolicyRequest,
): Denial | undefined {
  const identity = decideAll(caller.identity, request)
  const session = caller.session === undefined ? 'allowed' : decideAll(caller.session, request)
  if (identity === 'denied') return explicitDeny('an identity-based')
  if (session === 'denied') return explicitDeny('a session')
  const missing = identity !== 'allowed' ? 'identity-based' : 'session'
  const isAllowed = identity === 'allowed' && session === 'allowed'
  if (isOwn && !isRequired && isAllowed) return undefined
  if (!isOwn && !isAllowed) return notAllowed(missing, request)
  const decisive = isOwn && !isAllowed ? missing : 'resource-based'
  if (policies === undefined) return { ...notAllowed(decisive, request), isFinal: false }
  const resource = decideAll(policies, request)
  if (resource === 'denied') return explicitDeny('a resource-based')
  if (resource === 'allowed' && isAllowed) return undefined
  if (isOwn && allowsDirectly(policies, request, session)) return undefined
  return notAllowed(decisive, request)
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
  let decision: Decision = 'not-allowed'
  for (const policy of policies) {
    const one = decide(policy, request)
    if (one === 'denied') return one
    if (one === 'allowed') decision = one
  }
  return decision
}

function explicitDeny(kind: string): Denial {
  return { reason: `with an explicit deny in ${kind} policy`, isFinal: true }
}

function notAllowed(kind: string, { action }: PolicyRequest): Denial {
  return { reason: `because no ${kind} policy allows the ${action} action`, isFinal: true }
}
