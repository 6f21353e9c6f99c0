/** Decides requests, and finds the deciding statement (IAM User Guide, Policy evaluation logic). */
import { contentPrefix } from './content-keys.ts'
import { satisfies, type Condition } from './condition.ts'
import { matchesArn } from './operators.ts'
import { matchesResolved, resolvePattern, type ContextKeys } from './pattern.ts'
import { matchesPrincipal, type PrincipalIdentity } from './principal.ts'
import type { Policy, Selection, Statement } from './policy-document.ts'

/** The parts of a request to which policies can refer. */
export interface PolicyRequest {
  /** Action of the request, such as `acm-pca:IssueCertificate`. */
  readonly action: string
  /** ARN of the resource. */
  readonly resource: string
  readonly keys: ContextKeys
  readonly principal: PrincipalIdentity
  /**
   * Whether the certificate's content is still unknown. While the content is unknown, statements that refer to the content are
   * decided in the caller's favor. The request is then denied only if it would be denied with every possible content.
   */
  readonly isContentPending?: boolean | undefined
}

export type Decision = 'allowed' | 'not-allowed' | 'denied'

/** Decides a request: an explicit Deny takes precedence over an Allow, and without an Allow the request is implicitly denied. */
export function decide(policy: Policy, request: PolicyRequest): Decision {
  const statement = decidingStatement([policy], request)
  if (statement === undefined) return 'not-allowed'
  return statement.effect === 'Deny' ? 'denied' : 'allowed'
}

/**
 * Returns the statement that decides a request: the first Deny statement that applies, or otherwise the first Allow statement
 * that applies. Returns undefined if no statement applies, which is an implicit denial.
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

/** Returns whether a statement applies to a request, regardless of its effect. */
export function statementApplies(statement: Statement, request: PolicyRequest): boolean {
  return applies(statement, request.action.toLowerCase(), request)
}

function applies(statement: Statement, action: string, request: PolicyRequest): boolean {
  const { understood, actions, resources, principals, conditions, effect } = statement
  const { resource, keys, principal } = request
  // If the result depends on a variable without a value, the stricter result is used.
  const worseCase = effect === 'Deny'
  if (!understood) return worseCase
  if (request.isContentPending === true && statement.asksForContent)
    return effect === 'Allow' && couldApply(statement, action, request)
  return (
    (selects(actions, { text: action, matches: matchesResolved, keys }) ?? worseCase) &&
    (selects(resources, { text: resource, matches: matchesArn, keys }) ?? worseCase) &&
    (principals === undefined || matchesPrincipal(principals, principal, effect)) &&
    conditions.every((condition) => satisfies(condition, keys) ?? worseCase)
  )
}

/** Returns whether an Allow statement would apply with some content of the certificate. */
function couldApply(
  { actions, resources, principals, conditions }: Statement,
  action: string,
  { resource, keys, principal }: PolicyRequest,
): boolean {
  return (
    selects(actions, { text: action, matches: matchesResolved, keys }) === true &&
    selects(resources, { text: resource, matches: matchesArn, keys }) !== false &&
    (principals === undefined || matchesPrincipal(principals, principal, 'Allow')) &&
    conditions.every(
      (condition) => asksForContent(condition) || satisfies(condition, keys) === true,
    )
  )
}

function asksForContent({ key, values }: Condition): boolean {
  const all = [key, ...values.flatMap(({ keys }) => keys)]
  return all.some((one) => one.startsWith(contentPrefix))
}

interface Selected {
  readonly text: string
  readonly matches: (resolved: string, text: string) => boolean
  readonly keys: ContextKeys
}

/** Returns whether a selection matches the value; undefined if the result depends on a variable without a value. */
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
