/**
 * Policies: what their JSON text says, read once so that a decision takes microseconds (IAM JSON policy reference). What
 * is not understood counts as the worse case: a statement with it never allows, and always denies.
 */
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

/** Whether a policy says what its user may do; on a CA, who may do what with that; or who may take on a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust'

/** Patterns, of which one must match, or none. */
export interface Selection {
  readonly negated: boolean
  readonly patterns: readonly Pattern[]
}

export interface Statement {
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** In lower case. */
  readonly actions: Selection
  readonly resources: Selection
  /** Undefined in identity policies, which are about who has them. */
  readonly principals: Principals | undefined
  readonly conditions: readonly Condition[]
  readonly understood: boolean
}

/** A policy as read. One with problems that make it no policy has no statements. */
export interface Policy {
  readonly statements: readonly Statement[]
  /** Sentences for the author: what is wrong, and what counts as the worse case. */
  readonly problems: readonly string[]
  /** Whether it asks for tags of the resource. */
  readonly asksForResourceTags: boolean
}

/** In UTF-16 code units, of any kind: AWSPolicy of the API has up to 81,920. */
const policyLengthMax = 81_920

/** Of context keys, in lower case. */
export const resourceTagPrefix = 'aws:resourcetag/'

const policyElements = new Set(['Version', 'Id', 'Statement'])
const versions: readonly unknown[] = [undefined, '2012-10-17', '2008-10-17']
const elementsOf: Readonly<Record<PolicyKind, ReadonlySet<string>>> = {
  identity: new Set(['Action', 'Resource']),
  resource: new Set(['Action', 'Resource', 'Principal']),
  // A trust policy is about the role that it belongs to.
  trust: new Set(['Action', 'Principal']),
}
const actionForm = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/
const arnForm = /^[^:]+:[^:]+:[^:]+:[^:]*:[^:]*:./s

/** Reads a policy. Never throws: what is wrong is in `problems`, and what cannot be read allows nothing. */
export function parsePolicy(text: string, kind: PolicyKind = 'identity'): Policy {
  if (text.length > policyLengthMax)
    return noPolicy(`The policy must have at most ${policyLengthMax} characters.`)
  const document = parseObject(text)
  if (document !== undefined && hasDuplicateKeys(text))
    return noPolicy('The policy has an element twice.')
  if (document === undefined) return noPolicy('The policy must be a JSON object.')
  const faults = documentProblems(document)
  const problems = [...faults]
  const variables = document['Version'] === '2012-10-17'
  const statements = listOf(document['Statement']).map((value, at) =>
    parseStatement(value, { name: `Statement ${at + 1}`, kind, variables, problems }),
  )
  const sound = statements.filter((statement) => statement !== undefined)
  const broken = sound.length < statements.length || faults.length > 0
  const asksForResourceTags = sound.flatMap(keysOf).some((key) => key.startsWith(resourceTagPrefix))
  return { statements: broken ? [] : sound, problems, asksForResourceTags }
}

function noPolicy(problem: string): Policy {
  return { statements: [], problems: [problem], asksForResourceTags: false }
}

function keysOf({ resources, conditions }: Statement): string[] {
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

/** Where a statement is, and what applies to it. */
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
  }
}

const everything: Selection = { negated: false, patterns: [compilePattern('*', false)] }

function unknownElements(statement: JsonObject, { name, kind }: Context): string[] {
  const known = ['Sid', 'Effect', 'Condition']
  for (const element of elementsOf[kind]) known.push(element, `Not${element}`)
  return Object.keys(statement)
    .filter((element) => !known.includes(element))
    .map((element) => `${name} has the element '${element}', which is not known here.`)
}

/** Action or NotAction, Resource or NotResource: exactly one of both, with at least one text. */
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
