/** Inputs generated from the constraints in AWS's service model, for tests that compare the operations with the model. */
import { readFileSync } from 'node:fs'

export interface ShapeFacts {
  readonly type:
    | 'string'
    | 'blob'
    | 'integer'
    | 'long'
    | 'boolean'
    | 'timestamp'
    | 'list'
    | 'structure'
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  /** Shape name of the elements, if the shape is a list. */
  readonly element?: string
  /** Names of the required members, if the shape is a structure. */
  readonly required?: readonly string[]
  /** Shape names of the members, if the shape is a structure. */
  readonly members?: Readonly<Record<string, string>>
}

export interface OperationFacts {
  readonly input: string
  readonly output: string | null
  readonly errors: readonly string[]
}

export interface Facts {
  readonly operations: Readonly<Record<string, OperationFacts>>
  readonly shapes: Readonly<Record<string, ShapeFacts>>
}

export const facts: Facts = JSON.parse(
  readFileSync(new URL('../../testdata/service-model/facts.json', import.meta.url), 'utf8'),
)

export function shapeFacts(name: string): ShapeFacts {
  const shape = facts.shapes[name]
  if (shape === undefined) throw new Error(`the model has no shape ${name}`)
  return shape
}

/** A position in an input: the shape at the position, and its path, with member names and `[]` for list elements. */
export interface Site {
  readonly steps: readonly string[]
  readonly shape: string
}

/** Returns every position in a shape, starting with the shape itself. */
export function sitesOf(shape: string, steps: readonly string[] = []): Site[] {
  const { members = {}, element } = shapeFacts(shape)
  const below = Object.entries(members).flatMap(([name, member]) =>
    sitesOf(member, [...steps, name]),
  )
  const elements = element === undefined ? [] : sitesOf(element, [...steps, '[]'])
  return [{ steps, shape }, ...below, ...elements]
}

/** Positions refer to the second list element, so that error messages contain the element's number. */
const siteIndex = 1

/** Returns the path of a position in the form that ValidationException messages use. */
export function pathOf({ steps }: Pick<Site, 'steps'>): string {
  const parts = steps.map((step) =>
    step === '[]' ? `${siteIndex + 1}.member` : step.charAt(0).toLowerCase() + step.slice(1),
  )
  return parts.join('.')
}

/** Returns the smallest valid value of a shape, with only the required members and the minimum number of items. */
export function smallest(name: string): unknown {
  const shape = shapeFacts(name)
  const { type, min = 0 } = shape
  if (type === 'structure') {
    const required = shape.required ?? []
    return Object.fromEntries(
      required.map((member) => [member, smallest(shape.members?.[member] ?? '')]),
    )
  }
  if (type === 'list') return Array.from({ length: min }, () => smallest(shape.element ?? ''))
  if (type === 'boolean') return false
  if (type === 'integer' || type === 'long') return min
  if (type === 'timestamp') return 0
  return type === 'blob' ? blobOf(min) : smallestText(name)
}

function smallestText(name: string): string {
  const shape = shapeFacts(name)
  if (shape.enum?.[0] !== undefined) return shape.enum[0]
  for (let length = shape.min ?? 0; length <= (shape.max ?? 100); length += 1) {
    const text = textOf(shape, length)
    if (text !== undefined) return text
  }
  throw new Error(`no value for ${name} is known`)
}

/** Returns a blob of the given size, in base64. */
export function blobOf(bytes: number): string {
  return Buffer.alloc(bytes, 0x61).toString('base64')
}

/** Returns a string that has the given number of code points and matches the pattern, or undefined if no candidate does. */
export function textOf(shape: ShapeFacts, length: number): string | undefined {
  return candidates(length).find(
    (text) => Array.from(text).length === length && matches(shape, text),
  )
}

/** Returns strings that are within the length limits but do not match the pattern. */
export function violatingTexts(shape: ShapeFacts): string[] {
  const { min = 0, max = 100 } = shape
  const lengths = [...new Set([min, Math.min(min + 1, max), Math.min(40, max), max])]
  const strange = ['*', '\u{1F512}', '\n', '§', '!', '\u0000', 'Ā']
  const appended = lengths.flatMap((length) => {
    const valid = length > 0 ? textOf(shape, length - 1) : undefined
    return valid === undefined ? [] : strange.flatMap((end) => [valid + end, end + valid])
  })
  const repeated = lengths.flatMap((length) => strange.map((text) => text.repeat(length)))
  return [...new Set([...repeated, ...appended])].filter((text) => {
    const length = Array.from(text).length
    return length >= min && length <= max && !matches(shape, text)
  })
}

export function matches({ pattern }: ShapeFacts, text: string): boolean {
  return pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(text)
}

function candidates(length: number): string[] {
  const fill = (prefix: string, character: string): string =>
    prefix + character.repeat(Math.max(0, length - prefix.length))
  const uuid = '01234567-89ab-cdef-0123-456789abcdef'
  return [
    '\u{1F512}'.repeat(length),
    fill('', 'ÿ'),
    fill('', 'a'),
    fill('', '1'),
    fill('arn:aws:acm-pca:::', 'a'),
    fill('1.2.', '3'),
    fill('2.', '5'),
    uuid,
  ]
}

/** Returns the smallest input with `value` at a position. */
export function inputWith(input: string, { steps }: Pick<Site, 'steps'>, value: unknown): unknown {
  return replaceAt(smallest(input), { shape: input, steps }, value)
}

function replaceAt(container: unknown, { shape, steps }: Site, value: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  const { members = {}, element = '' } = shapeFacts(shape)
  if (step === '[]') {
    const items = Array.from({ length: siteIndex + 1 }, () => smallest(element))
    items[siteIndex] = replaceAt(items[siteIndex], { shape: element, steps: rest }, value)
    return items
  }
  const member = members[step] ?? ''
  const given = container as Readonly<Record<string, unknown>>
  return {
    ...given,
    [step]: replaceAt(given[step] ?? smallest(member), { shape: member, steps: rest }, value),
  }
}

/** Returns the value at a position. */
export function valueAt(value: unknown, { steps }: Pick<Site, 'steps'>): unknown {
  return steps.reduce<unknown>(
    (found, step) => (found as Readonly<Record<string, unknown>>)[step === '[]' ? siteIndex : step],
    value,
  )
}
