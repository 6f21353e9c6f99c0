/** Condition blocks, which are parsed once and evaluated for each request (IAM JSON policy elements: Condition). */
import { isObject } from '../text/json.ts'
import { operators, type Operator } from './operators.ts'
import { compilePattern, resolvePattern, type ContextKeys, type Pattern } from './pattern.ts'

export interface Condition {
  /** Name of the condition key in lower case. */
  readonly key: string
  readonly values: readonly Pattern[]
  /** The condition operator; undefined for the operator Null. */
  readonly operator: Operator | undefined
  readonly quantifier: 'any' | 'all' | undefined
  readonly ifExists: boolean
}

const operatorForm = /^(?:(ForAnyValue|ForAllValues):)?([a-z]+?)(IfExists)?$/i
/** Matches condition keys such as `aws:username`, or `token.example.com/path:sub` for an identity provider. */
const keyForm = /^[a-z0-9][a-z0-9._/-]*(?::\d+[a-z0-9._/-]*)?:\S(?:.*\S)?$/i

/** Parses a Condition element. A message is appended to `problems` for each error. */
export function parseConditions(
  value: unknown,
  { name, variables, problems }: { name: string; variables: boolean; problems: string[] },
): Condition[] {
  if (!isObject(value)) {
    problems.push(`${name}: Condition must be an object.`)
    return []
  }
  const conditions: Condition[] = []
  for (const [operatorName, block] of Object.entries(value)) {
    const form = readOperator(operatorName)
    if (form === undefined || !isObject(block)) {
      problems.push(
        `${name}: '${operatorName}' must be a condition operator with an object of condition keys.`,
      )
      continue
    }
    for (const [key, values] of Object.entries(block)) {
      const condition = readCondition(form, { key, values, variables })
      if (condition === undefined)
        problems.push(`${name}: ${operatorName} cannot have '${key}' with these values.`)
      else conditions.push(condition)
    }
  }
  return conditions
}

type OperatorForm = Omit<Condition, 'key' | 'values'>

function readOperator(text: string): OperatorForm | undefined {
  const [, quantifier, operatorName = '', ifExists] = operatorForm.exec(text) ?? []
  const isNull = operatorName.toLowerCase() === 'null'
  const operator = operators.get(operatorName.toLowerCase())
  if (operator === undefined && !isNull) return undefined
  if (isNull && (quantifier !== undefined || ifExists !== undefined)) return undefined
  const all = quantifier?.toLowerCase() === 'forallvalues'
  return {
    operator,
    quantifier: quantifier === undefined ? undefined : all ? 'all' : 'any',
    ifExists: ifExists !== undefined,
  }
}

function readCondition(
  form: OperatorForm,
  { key, values, variables }: { key: string; values: unknown; variables: boolean },
): Condition | undefined {
  const texts = valuesOf(values)
  if (!keyForm.test(key) || texts === undefined || texts.length === 0) return undefined
  const { operator } = form
  const patterns = texts.map((text) =>
    compilePattern(text, variables && operator?.variables === true),
  )
  const accepts = operator?.accepts ?? ((text: string): boolean => /^(true|false)$/i.test(text))
  const accepted = patterns.every(
    ({ text, hasVariables, isUnderstood }) => isUnderstood && (hasVariables || accepts(text)),
  )
  return accepted ? { ...form, key: key.toLowerCase(), values: patterns } : undefined
}

/** Accepts strings, as well as numbers and booleans without quotes, as IAM does. */
function valuesOf(value: unknown): string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list
    .filter((item) => ['string', 'number', 'boolean'].includes(typeof item))
    .map((item) => String(item))
  return texts.length === list.length ? texts : undefined
}

/**
 * Returns whether a request satisfies a condition. The result is undefined if it depends on a variable without a value, or on the
 * choice between several tags. If the result is undefined, an Allow statement does not apply, but a Deny statement does.
 */
export function satisfies(condition: Condition, keys: ContextKeys): boolean | undefined {
  const actual = keys.get(condition.key)
  const { operator, quantifier, values } = condition
  if (operator === undefined) {
    const isAbsent = actual === undefined || actual.length === 0
    return values.some(({ text }) => (text.toLowerCase() === 'true') === isAbsent)
  }
  if (actual === undefined || actual.length === 0) return whenAbsent(condition)
  const expected = values.map((value) => resolvePattern(value, keys))
  const isOpen = expected.includes(undefined)
  const holds = (text: string): boolean | undefined => {
    if (expected.some((one) => one !== undefined && operator.holds(one, text)))
      return !operator.negated
    return isOpen ? undefined : operator.negated
  }
  if (isOneTag.test(condition.key) || (quantifier === undefined && condition.key === tagKeys))
    return unanimous(actual.map(holds))
  // AWS does not document how several values are compared without a quantifier. In Signet, any value can satisfy a positive
  // operator, whereas every value must satisfy a negated operator.
  const everyone = quantifier === 'all' || (quantifier === undefined && operator.negated)
  return everyone ? everyOf(actual.map(holds)) : someOf(actual.map(holds))
}

/**
 * Tags whose keys differ only in case share one condition key, which has the values of all these tags. An additional tag must
 * neither satisfy an Allow statement's condition nor avoid a Deny statement's condition. The result is therefore undefined unless
 * it is the same for every value, even with ForAnyValue and ForAllValues.
 */
const isOneTag = /^aws:(?:resource|request|principal)tag\//
/** The condition key that is multivalued by definition. Quantifiers apply to this key. */
const tagKeys = 'aws:tagkeys'

function unanimous(results: readonly (boolean | undefined)[]): boolean | undefined {
  const [first] = results
  return results.every((one) => one === first) ? first : undefined
}

/** Computes a three-valued logical AND, which is undefined if no operand is false and at least one is undefined. */
function everyOf(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(false)) return false
  return results.includes(undefined) ? undefined : true
}

function someOf(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(true)) return true
  return results.includes(undefined) ? undefined : false
}

function whenAbsent({ operator, quantifier, ifExists }: Condition): boolean {
  if (ifExists || quantifier === 'all') return true
  return quantifier === undefined && operator?.negated === true
}
