/** Identity policies: what their JSON text says, reduced to what is evaluated here (IAM JSON policy reference). */

/** One statement. One that is not `evaluated` has a part that is not understood here, and counts as the worse case. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** Lower case, with `*` and `?`. */
  readonly actions: readonly string[]
  /** `*`, or an ARN with `*` and `?` in its parts. */
  readonly resources: readonly string[]
  readonly evaluated: boolean
}

/** A policy as parsed. One with problems that make it no policy has no statements. */
export interface Policy {
  readonly statements: readonly Statement[]
  /** Sentences for the author: what is wrong, and what is not evaluated. */
  readonly problems: readonly string[]
}

/** In UTF-16 code units. IAM itself takes 2,048 to 10,240 characters, according to the kind of policy. */
const policyLengthMax = 20_480

const policyElements = new Set(['Version', 'Id', 'Statement'])
const statementElements = new Set(['Sid', 'Effect', 'Action', 'Resource'])
const versions: readonly unknown[] = [undefined, '2012-10-17', '2008-10-17']
const actionForm = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/
const arnForm = /^[^:]+:[^:]+:[^:]+:[^:]*:[^:]*:./s

type JsonObject = Readonly<Record<string, unknown>>

/** Parses a policy. Never throws: what is wrong is in `problems`, and what cannot be read allows nothing. */
export function parsePolicy(text: string): Policy {
  if (text.length > policyLengthMax)
    return noPolicy(`The policy must have at most ${policyLengthMax} characters.`)
  const document = parseObject(text)
  if (document === undefined) return noPolicy('The policy must be a JSON object.')
  const faults = documentProblems(document)
  const problems = [...faults]
  const statements = listOf(document['Statement']).map((value, at) =>
    parseStatement(value, { name: `Statement ${at + 1}`, problems }),
  )
  const sound = statements.filter((statement) => statement !== undefined)
  const broken = sound.length < statements.length || faults.length > 0
  return { statements: broken ? [] : sound, problems }
}

function noPolicy(problem: string): Policy {
  return { statements: [], problems: [problem] }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function documentProblems(document: JsonObject): string[] {
  const problems = Object.keys(document)
    .filter((name) => !policyElements.has(name))
    .map((name) => `The policy has the unknown element '${name}'.`)
  if (!versions.includes(document['Version']))
    problems.push("Version must be '2012-10-17' or '2008-10-17'.")
  if (listOf(document['Statement']).length === 0) problems.push('The policy must have a Statement.')
  return problems
}

interface Context {
  readonly name: string
  readonly problems: string[]
}

function parseStatement(value: unknown, { name, problems }: Context): Statement | undefined {
  if (!isObject(value)) {
    problems.push(`${name} must be an object.`)
    return undefined
  }
  const skipped = Object.keys(value)
    .filter((element) => !statementElements.has(element))
    .map((element) => `${name} has the element '${element}', which is not evaluated.`)
  const effect = value['Effect']
  const actions = textsOf(value['Action'])
  const resources = textsOf(value['Resource'])
  const faults = [
    ...(effect === 'Allow' || effect === 'Deny' ? [] : [`${name}: Effect must be Allow or Deny.`]),
    ...missing(value, { name, element: 'Action', texts: actions }),
    ...missing(value, { name, element: 'Resource', texts: resources }),
  ]
  const unclear = [...skipped, ...formProblems(name, actions ?? [], resources ?? [])]
  problems.push(...faults, ...unclear.map((problem) => `${problem} ${closed(effect)}`))
  if (faults.length > 0 || (effect !== 'Allow' && effect !== 'Deny')) return undefined
  return {
    effect,
    actions: (actions ?? []).map((action) => action.toLowerCase()),
    resources: resources ?? [],
    evaluated: unclear.length === 0,
  }
}

/** Action and Resource must be there, unless the statement says NotAction or NotResource, which is not evaluated. */
function missing(
  statement: JsonObject,
  { name, element, texts }: { name: string; element: string; texts: string[] | undefined },
): string[] {
  const negated = statement[element] === undefined && statement[`Not${element}`] !== undefined
  if (negated || (texts !== undefined && texts.length > 0)) return []
  return [`${name}: ${element} must be a string or a list of strings that is not empty.`]
}

function formProblems(name: string, actions: string[], resources: string[]): string[] {
  return [
    ...actions
      .filter((action) => !actionForm.test(action.toLowerCase()))
      .map((action) => `${name}: the Action '${action}' is neither service:operation nor '*'.`),
    ...resources
      .filter((resource) => resource !== '*' && !isPlainArn(resource))
      .map((resource) => `${name}: the Resource '${resource}' is neither an ARN nor '*'.`),
  ]
}

/** Policy variables (`${aws:username}`) are not evaluated. */
function isPlainArn(resource: string): boolean {
  return arnForm.test(resource) && !resource.includes('${')
}

function closed(effect: unknown): string {
  return effect === 'Deny' ? 'The statement denies everything.' : 'The statement allows nothing.'
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function textsOf(value: unknown): string[] | undefined {
  const list = listOf(value)
  const texts = list.filter((item) => typeof item === 'string')
  return texts.length === list.length ? texts : undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
