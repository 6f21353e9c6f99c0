/** The combined decision of all policies that apply to a request (IAM User Guide, Policy evaluation logic). */
import type { Caller } from '../identity/caller.ts'
import { roleArn } from '../identity/principal-arn.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import { decide, type Decision, type PolicyRequest } from '../policy/evaluation.ts'
import { namesDirectly, type PrincipalIdentity } from '../policy/principal.ts'
import type { Policy } from '../policy/policy-document.ts'

/** The parsed identity and session policies of a caller. */
export interface CallerPolicies {
  readonly identity: readonly Policy[]
  /** Session policies; undefined for a caller without session policies. */
  readonly session: readonly Policy[] | undefined
}

/** Parses the policies of a caller. */
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
 * Returns the caller's identifiers that a Principal element can contain: for a session, its own ARN and its role's ARN; for a
 * service, its name.
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

/** The resource policies that apply to a request. */
export interface ResourcePolicies {
  /** Whether the resource belongs to the caller's account. */
  readonly isOwn: boolean
  /**
   * Whether the resource policies must allow the request even in the caller's own account, as a role's trust policy must.
   */
  readonly isRequired: boolean
  /** The parsed resource policies; undefined if they have not been read yet. */
  readonly policies: readonly Policy[] | undefined
}

export interface Denial {
  /** The reason in AWS's words, such as `because no identity-based policy allows the … action`. */
  readonly reason: string
  /** False if resource policies that have not been read yet could still allow the request. */
  readonly isFinal: boolean
}

/**
 * Returns why a request is denied; undefined if it is allowed. Within one account, either an identity policy or a resource
 * policy that names the caller directly must allow the request. Across accounts, both must.
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
 * Returns whether a resource policy in the caller's account allows the caller by name. Session policies do not restrict an Allow
 * in a statement that names the session itself. They do restrict an Allow in a statement that names its role or everyone.
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

/** Combines decisions: an explicit Deny in any policy takes precedence over any Allow. */
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
