/**
 * Parses policies (IAM JSON policy reference). Unknown or invalid elements fail closed: an Allow statement with such an element
 * allows nothing, and a Deny statement with such an element denies everything.
 */
import { contentPrefix } from './content-keys.ts'
import { parseConditions, type Condition } from './condition.ts'
import {
  hasDuplicateKeys,
  isObject,
  listOf,
  textsOf,
  type JsonObject,
  parseObject,
} from '../text/json.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { parsePrincipals, type Principals } from './principal.ts'

/** Identity policies belong to a principal, resource policies to a CA, and trust policies to a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust'

/** Patterns, at least one of which must match. If the selection is negated, no pattern may match. */
export interface Selection {
  readonly negated: boolean
  readonly patterns: readonly Pattern[]
}

export interface Statement {
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** Patterns for actions, in lower case. */
  readonly actions: Selection
  readonly resources: Selection
  /** Principals that the statement applies to; undefined in identity policies, which apply to the principal that has them. */
  readonly principals: Principals | undefined
  readonly conditions: readonly Condition[]
  readonly understood: boolean
  /** Whether a condition or a variable refers to the content of a certificate. */
  readonly asksForContent: boolean
}

/** A parsed policy. An invalid policy document has no statements. */
export interface Policy {
  readonly statements: readonly Statement[]
  /** Messages for the policy's author about invalid elements and about statements that fail closed. */
  readonly problems: readonly string[]
  /** Whether a condition in the policy uses `aws:ResourceTag`. */
  readonly asksForResourceTags: boolean
  /** Whether a statement refers to the content of a certificate. */
  readonly asksForContent: boolean
}

/** Maximum length of any type of policy, in UTF-16 code units: the limit of AWSPolicy in the API. */
const policyLengthMax = 81_920

/** Prefix of condition keys for resource tags, in lower case. */
export const resourceTagPrefix = 'aws:resourcetag/'

const policyElements = new Set(['Version', 'Id', 'Statement'])
const versions: readonly unknown[] = [undefined, '2012-10-17', '2008-10-17']
const elementsOf: Readonly<Record<PolicyKind, ReadonlySet<string>>> = {
  identity: new Set(['Action', 'Resource']),
  resource: new Set(['Action', 'Resource', 'Principal']),
  // A trust policy has no Resource, because it applies only to its role.
  trust: new Set(['Action', 'Principal']),
}
const actionForm = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/
const arnForm = /^[^:]+:[^:]+:[^:]+:[^:]*:[^:]*:./s

/** Parses a policy without throwing. Errors are listed in `problems`, and an invalid document allows nothing. */
export function parsePolicy(text: string, kind: PolicyKind = 'identity'): Policy {
  if (text.length > policyLengthMax)
    return noPolicy(`The policy must have at most ${policyLengthMax} characters.`)
  const document = parseObject(text)
  if (document !== undefined && hasDuplicateKeys(text))
    return noPolicy('The policy contains a duplicate element.')
  if (document === undefined) return noPolicy('The policy must be a JSON object.')
  const faults = documentProblems(document)
  const problems = [...faults]
  const variables = document['Version'] === '2012-10-17'
  const statements = listOf(document['Statement']).map((value, at) =>
    parseStatement(value, { name: `Statement ${at + 1}`, kind, variables, problems }),
  )
  const sound = statements.filter((statement) => statement !== undefined)
  const broken = sound.length < statements.length || faults.length > 0
  return {
    statements: broken ? [] : sound,
    problems,
    asksForResourceTags: sound.some((statement) => refersTo(statement, resourceTagPrefix)),
    asksForContent: sound.some(({ asksForContent }) => asksForContent),
  }
}

function noPolicy(problem: string): Policy {
  return { statements: [], problems: [problem], asksForResourceTags: false, asksForContent: false }
}

function refersTo(statement: Pick<Statement, 'resources' | 'conditions'>, prefix: string): boolean {
  return keysOf(statement).some((key) => key.startsWith(prefix))
}

function keysOf({ resources, conditions }: Pick<Statement, 'resources' | 'conditions'>): string[] {
  return [
    ...resources.patterns.flatMap(({ keys }) => keys),
    ...conditions.flatMap(({ key, values }) => [key, ...values.flatMap(({ keys }) => keys)]),
  ]
}

function documentProblems(document: JsonObject): string[] {
  const problems = Object.keys(document)
    .filter((name) => !policyElements.has(name))
    .map((name) => `The policy has the unknown element '${name}'.`)
  if (!isTextOrNothing(document['Id'])) problems.push('Id must be a string.')
  if (!versions.includes(document['Version']))
    problems.push("Version must be '2012-10-17' or '2008-10-17'.")
  if (listOf(document['Statement']).length === 0) problems.push('The policy must have a Statement.')
  return problems
}

/** Position of a statement for messages, and the rules that apply to the statement. */
interface Context {
  readonly name: string
  readonly kind: PolicyKind
  readonly variables: boolean
  readonly problems: string[]
}

function parseStatement(value: unknown, context: Context): Statement | undefined {
  const { name, kind, variables, problems } = context
  if (!isObject(value)) {
    problems.push(`${name} must be an object.`)
    return undefined
  }
  const faults: string[] = []
  const unclear = unknownElements(value, context)
  const effect = value['Effect']
  if (!isTextOrNothing(value['Sid'])) faults.push(`${name}: Sid must be a string.`)
  if (effect !== 'Allow' && effect !== 'Deny') faults.push(`${name}: Effect must be Allow or Deny.`)
  const select = (element: string): Selection | undefined =>
    parseSelection(value, { name, element, variables, faults })
  const actions = select('Action')
  const resources = elementsOf[kind].has('Resource') ? select('Resource') : everything
  const principals = elementsOf[kind].has('Principal')
    ? parsePrincipals(value, { name, faults, unclear })
    : undefined
  unclear.push(...formProblems(name, actions, resources))
  const conditions =
    value['Condition'] === undefined
      ? []
      : parseConditions(value['Condition'], { name, variables, problems: unclear })
  problems.push(...faults, ...unclear.map((problem) => `${problem} ${worseCase(effect)}`))
  if (faults.length > 0 || actions === undefined || resources === undefined) return undefined
  const sid = typeof value['Sid'] === 'string' ? value['Sid'] : undefined
  return {
    sid,
    effect: effect as Statement['effect'],
    actions: lowerCase(actions),
    resources,
    principals,
    conditions,
    understood: unclear.length === 0,
    asksForContent: refersTo({ resources, conditions }, contentPrefix),
  }
}

const everything: Selection = { negated: false, patterns: [compilePattern('*', false)] }

function unknownElements(statement: JsonObject, { name, kind }: Context): string[] {
  const known = ['Sid', 'Effect', 'Condition']
  for (const element of elementsOf[kind]) known.push(element, `Not${element}`)
  return Object.keys(statement)
    .filter((element) => !known.includes(element))
    .map((element) => `${name} has the element '${element}', which Signet does not support.`)
}

/** Parses Action or NotAction, or Resource or NotResource. Exactly one of the two elements must be present and not empty. */
function parseSelection(
  statement: JsonObject,
  {
    name,
    element,
    variables,
    faults,
  }: { name: string; element: string; variables: boolean; faults: string[] },
): Selection | undefined {
  const negated = statement[`Not${element}`] !== undefined
  const texts = textsOf(statement[negated ? `Not${element}` : element])
  const isBoth = negated && statement[element] !== undefined
  if (isBoth || texts === undefined || texts.length === 0) {
    faults.push(
      `${name}: ${element} or Not${element} must be a string or a list of strings that is not empty.`,
    )
    return undefined
  }
  const inVariables = variables && element === 'Resource'
  return { negated, patterns: texts.map((text) => compilePattern(text, inVariables)) }
}

function lowerCase({ negated, patterns }: Selection): Selection {
  return {
    negated,
    patterns: patterns.map(({ text }) => compilePattern(text.toLowerCase(), false)),
  }
}

function formProblems(
  name: string,
  actions: Selection | undefined,
  resources: Selection | undefined,
): string[] {
  return [
    ...(actions?.patterns ?? [])
      .filter(({ text }) => !actionForm.test(text.toLowerCase()))
      .map(({ text }) => `${name}: the Action '${text}' is neither service:operation nor '*'.`),
    ...(resources?.patterns ?? [])
      .filter(
        ({ text, hasVariables, isUnderstood }) =>
          !isUnderstood || (text !== '*' && !hasVariables && !arnForm.test(text)),
      )
      .map(({ text }) => `${name}: the Resource '${text}' is neither an ARN nor '*'.`),
  ]
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function worseCase(effect: unknown): string {
  return effect === 'Deny' ? 'The statement denies everything.' : 'The statement allows nothing.'
}
