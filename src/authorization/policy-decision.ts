/** The combined decision of all policies that apply to a request (IAM User Guide, Policy evaluation logic). */
import type { Caller } from '../identity/caller.ts'
import { roleArn } from '../identity/principal-arn.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import { decidingStatement, type PolicyRequest } from '../policy/evaluation.ts'
import { namesDirectly, type PrincipalIdentity } from '../policy/principal.ts'
import type { Policy, Statement } from '../policy/policy-document.ts'

/** The parsed identity policies and session policies of a caller. */
export interface CallerPolicies {
  readonly identity: readonly Policy[]
  /** Parsed session policies; undefined for a caller without session policies. */
  readonly session: readonly Policy[] | undefined
}

/** Parses a caller's policies. */
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
 * Returns the identifiers by which a Principal element can refer to the caller: a session's own ARN and its role's ARN, or a
 * service's name.
 */
export function identityOf(caller: Caller): PrincipalIdentity {
  const { accountId, arn, principal } = caller
  switch (principal.kind) {
    case 'user':
    case 'endpoint':
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
   * Whether the resource policies must allow the request even within the caller's own account; true for a role's trust policy.
   */
  readonly isRequired: boolean
  /** The parsed resource policies; undefined if they have not been read yet. */
  readonly policies: readonly Policy[] | undefined
}

/** The policy statements that decide a request, by type of policy. */
interface DecidingStatements {
  readonly identity: Statement | undefined
  readonly session: Statement | undefined
  readonly resource: Statement | undefined
}

export interface Verdict {
  readonly outcome: 'allowed' | 'explicit-deny' | 'implicit-deny'
  /** The reason for a denial in AWS's words, such as `because no identity-based policy allows the … action`. */
  readonly reason: string
  /** False if resource policies that have not been read yet could still allow the request. */
  readonly isFinal: boolean
  /** The Deny statement, or the Allow statements that are required; empty for an implicit denial. */
  readonly by: DecidingStatements
}

/**
 * Decides whether a request is allowed. Within an account, either an identity policy or a resource policy that names the caller
 * directly must allow the request. Across accounts, an identity policy and a resource policy must both allow the request.
 */
export function judge(
  caller: CallerPolicies,
  { isOwn, isRequired, policies }: ResourcePolicies,
  request: PolicyRequest,
): Verdict {
  const identity = decidingStatement(caller.identity, request)
  const session =
    caller.session === undefined ? undefined : decidingStatement(caller.session, request)
  if (identity?.effect === 'Deny') return explicitDeny('an identity-based', { identity })
  if (session?.effect === 'Deny') return explicitDeny('a session', { session })
  const sessionAllows = caller.session === undefined || session !== undefined
  const missing = identity === undefined ? 'identity-based' : 'session'
  const isAllowed = identity !== undefined && sessionAllows
  if (isOwn && !isRequired && isAllowed) return allowed({ identity, session })
  if (!isOwn && !isAllowed) return notAllowed(missing, request)
  const decisive = isOwn && !isAllowed ? missing : 'resource-based'
  if (policies === undefined) return { ...notAllowed(decisive, request), isFinal: false }
  const resource = decidingStatement(policies, request)
  if (resource?.effect === 'Deny') return explicitDeny('a resource-based', { resource })
  if (resource !== undefined && isAllowed) return allowed({ identity, session, resource })
  const direct = isOwn ? directStatement(policies, request, sessionAllows) : undefined
  return direct === undefined ? notAllowed(decisive, request) : allowed({ resource: direct })
}

/** Returns whether and why a request is denied, or undefined if the request is allowed. */
export function denialOf(...request: Parameters<typeof judge>): Verdict | undefined {
  const verdict = judge(...request)
  return verdict.outcome === 'allowed' ? undefined : verdict
}

/**
 * Returns the resource policy statement in the caller's own account that allows the caller by name. Session policies do not
 * restrict an Allow statement that names the session itself. Session policies restrict an Allow statement that names the
 * session's role or everyone.
 */
function directStatement(
  policies: readonly Policy[],
  request: PolicyRequest,
  sessionAllows: boolean,
): Statement | undefined {
  const [itself = '', ...others] = request.principal.names
  const names = sessionAllows ? [itself, ...others] : [itself]
  const principal = { ...request.principal, names }
  const naming = policies.map((policy) => ({
    ...policy,
    statements: policy.statements.filter(
      ({ principals }) =>
        principals !== undefined &&
        namesDirectly(principals, principal) &&
        (sessionAllows || !principals.everyone),
    ),
  }))
  const statement = decidingStatement(naming, { ...request, principal })
  return statement?.effect === 'Allow' ? statement : undefined
}

const nothing: DecidingStatements = { identity: undefined, session: undefined, resource: undefined }

function allowed(by: Partial<DecidingStatements>): Verdict {
  return { outcome: 'allowed', reason: '', isFinal: true, by: { ...nothing, ...by } }
}

function explicitDeny(kind: string, by: Partial<DecidingStatements>): Verdict {
  const reason = `with an explicit deny in ${kind} policy`
  return { outcome: 'explicit-deny', reason, isFinal: true, by: { ...nothing, ...by } }
}

function notAllowed(kind: string, { action }: PolicyRequest): Verdict {
  const reason = `because no ${kind} policy allows the ${action} action`
  return { outcome: 'implicit-deny', reason, isFinal: true, by: nothing }
}
