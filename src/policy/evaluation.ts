/** Decides requests, and finds the deciding statement (IAM User Guide, Policy evaluation logic). */
import { satisfies } from './condition.ts'
import { matchesArn } from './operators.ts'
import { matchesResolved, resolvePattern, type ContextKeys } from './pattern.ts'
import { matchesPrincipal, type PrincipalIdentity } from './principal.ts'
import type { Policy, Selection, Statement } from './policy-document.ts'

/** The parts of a request that policies can refer to. */
export interface PolicyRequest {
  /** `acm-pca:IssueCertificate`. */
  readonly action: string
  /** ARN. */
  readonly resource: string
  readonly keys: ContextKeys
  readonly principal: PrincipalIdentity
}

export type Decision = 'allowed' | 'not-allowed' | 'denied'

/** Decides a request: an explicit Deny takes precedence over an Allow, and without an Allow the decision is an implicit Deny. */
export function decide(policy: Policy, request: PolicyRequest): Decision {
  const statement = decidingStatement([policy], request)
  if (statement === undefined) return 'not-allowed'
  return statement.effect === 'Deny' ? 'denied' : 'allowed'
}

/**
 * Returns the statement that decides a request: the first Deny statement that applies, or else the first Allow statement that
 * applies. Undefined if no statement applies, which is an implicit Deny.
 */
export function decidingStatement(
  policies: readonly Policy[],
  request: PolicyRequest,
): Statement | undefined {
  const action = request.action.toLowerCase()
  let allowing: Statement | undefined
  for (const { statements } of policies)
    for (const statement of statements) {
      if (!applies(statement, action, request)) continue
      if (statement.effect === 'Deny') return statement
      allowing ??= statement
    }
  return allowing
}

function applies(statement: Statement, action: string, request: PolicyRequest): boolean {
  const { understood, actions, resources, principals, conditions, effect } = statement
  const { resource, keys, principal } = request
  // If the result depends on a variable without a value, the stricter result is used here, too.
  const worseCase = effect === 'Deny'
  if (!understood) return worseCase
  return (
    (selects(actions, { text: action, matches: matchesResolved, keys }) ?? worseCase) &&
    (selects(resources, { text: resource, matches: matchesArn, keys }) ?? worseCase) &&
    (principals === undefined || matchesPrincipal(principals, principal, effect)) &&
    conditions.every((condition) => satisfies(condition, keys) ?? worseCase)
  )
}

interface Selected {
  readonly text: string
  readonly matches: (resolved: string, text: string) => boolean
  readonly keys: ContextKeys
}

/** Returns whether a selection matches the value. Undefined if the result depends on a variable without a value. */
function selects(
  { negated, patterns }: Selection,
  { text, matches, keys }: Selected,
): boolean | undefined {
  let isOpen = false
  for (const pattern of patterns) {
    const resolved = pattern.hasVariables ? resolvePattern(pattern, keys) : pattern.text
    if (resolved === undefined) isOpen = true
    else if (resolved === text || (!pattern.isExact && matches(resolved, text))) return !negated
  }
  return isOpen ? undefined : negated
}
