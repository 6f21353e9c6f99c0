/** Explains a denied certificate request by the names or other content that no statement allows. */
import { contentKeyName, contentPrefix } from './content-keys.ts'
import { satisfies, type Condition } from './condition.ts'
import { statementApplies, type PolicyRequest } from './evaluation.ts'
import type { Policy, Statement } from './policy-document.ts'

/** Content that a policy does not allow: a condition key with one of its values, or with undefined if the value is missing. */
export interface RefusedContent {
  readonly key: string
  readonly value: string | undefined
}

/**
 * Returns the content that causes the denial. The content comes from a Deny statement that applies, or otherwise from the Allow
 * statement with the fewest unsatisfied conditions. Returns undefined if the content is not the reason for the denial.
 */
export function refusedContent(
  policies: readonly Policy[],
  request: PolicyRequest,
): RefusedContent | undefined {
  if (request.isContentPending === true) return undefined
  const statements = policies
    .flatMap((policy) => policy.statements)
    .filter(({ asksForContent }) => asksForContent)
  const denying = statements.find(
    (statement) => statement.effect === 'Deny' && statementApplies(statement, request),
  )
  if (denying !== undefined) {
    const condition = denying.conditions.find(isContent)
    return condition && valueWith(condition, request, (result) => result !== false)
  }
  const [nearest] = statements
    .filter(({ effect }) => effect === 'Allow')
    .map((statement) => unsatisfied(statement, request))
    .filter((conditions) => conditions.length > 0)
    .sort((a, b) => a.length - b.length)
  const [condition] = nearest ?? []
  return condition && valueWith(condition, request, (result) => result !== true)
}

/** Maximum length of a value in an error message, in UTF-16 code units. */
const shownLengthMax = 200

/** Returns the end of an error message that states which content causes the denial; empty if the content is not the reason. */
export function refusedContentText(policies: readonly Policy[], request: PolicyRequest): string {
  const refused = refusedContent(policies, request)
  if (refused === undefined) return ''
  const { key, value } = refused
  const name = contentKeyName(key)
  if (value === undefined) return ` without ${name}`
  const shown = value.length > shownLengthMax ? `${value.slice(0, shownLengthMax)}…` : value
  return ` with ${name} ${JSON.stringify(shown)}`
}

/**
 * Returns the unsatisfied content conditions of an Allow statement, or an empty list if anything else also prevents the statement
 * from applying.
 */
function unsatisfied(statement: Statement, request: PolicyRequest): Condition[] {
  const rest = statement.conditions.filter((condition) => !isContent(condition))
  if (!statementApplies({ ...statement, conditions: rest }, request)) return []
  return statement.conditions.filter(
    (condition) => isContent(condition) && satisfies(condition, request.keys) !== true,
  )
}

function isContent({ key }: Condition): boolean {
  return key.startsWith(contentPrefix)
}

/** Returns the first value of a condition key for which the condition, evaluated with that value alone, has the given result. */
function valueWith(
  condition: Condition,
  { keys }: PolicyRequest,
  hasResult: (result: boolean | undefined) => boolean,
): RefusedContent {
  const { key } = condition
  const values = keys.get(key) ?? []
  const alone = (value: string): boolean | undefined =>
    satisfies(condition, { get: (name) => (name === key ? [value] : keys.get(name)) })
  return { key, value: values.find((value) => hasResult(alone(value))) ?? values[0] }
}
