/** What one policy says about one request (IAM User Guide, Policy evaluation logic). */
import { satisfies } from './condition.ts'
import { matchesArn } from './operators.ts'
import { matchesResolved, resolvePattern, type ContextKeys } from './pattern.ts'
import { matchesPrincipal, type PrincipalIdentity } from './principal.ts'
import type { Policy, Selection, Statement } from './policy-document.ts'

/** A request as policies see it. */
export interface PolicyRequest {
  /** `acm-pca:IssueCertificate`. */
  readonly action: string
  /** ARN. */
  readonly resource: string
  readonly keys: ContextKeys
  readonly principal: PrincipalIdentity
}

export type Decision = 'allowed' | 'not-allowed' | 'denied'

/** An explicit Deny wins, then an Allow counts, and nothing else allows. */
export function decide(policy: Policy, request: PolicyRequest): Decision {
  const lowerCased = { ...request, action: request.action.toLowerCase() }
  let decision: Decision = 'not-allowed'
  for (const statement of policy.statements) {
    if (!applies(statement, lowerCased)) continue
    if (statement.effect === 'Deny') return 'denied'
    decision = 'allowed'
  }
  return decision
}

function applies(statement: Statement, request: PolicyRequest): boolean {
  if (!statement.understood) return statement.effect === 'Deny'
  const { actions, resources, principals, conditions, effect } = statement
  const { action, resource, keys, principal } = request
  // What depends on a variable that has no value is the worse case too.
  const holds = (found: boolean | undefined): boolean => found ?? effect === 'Deny'
  return (
    holds(selects(actions, (text) => matchesResolved(text, action), keys)) &&
    holds(selects(resources, (text) => matchesArn(text, resource), keys)) &&
    (principals === undefined || matchesPrincipal(principals, principal, effect)) &&
    conditions.every((condition) => holds(satisfies(condition, keys)))
  )
}

/** Undefined if that depends on a variable without a value. */
function selects(
  { negated, patterns }: Selection,
  matches: (resolved: string) => boolean,
  keys: ContextKeys,
): boolean | undefined {
  const resolved = patterns.map((pattern) =>
    pattern.hasVariables ? resolvePattern(pattern, keys) : pattern.text,
  )
  if (resolved.some((text) => text !== undefined && matches(text))) return !negated
  return resolved.includes(undefined) ? undefined : negated
}
