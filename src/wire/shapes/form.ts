/**
 * Members as text: in the query of a presigned URL, and in a form (AWS Query protocol): `Name=value`, members of structures after a dot, elements of lists as
 * `Name.member.1`.
 */
import { serializationError } from './type-errors.ts'
import type { ListShape, Shape, StructureShape, ScalarShape } from './shape.ts'

/** Parameters by name, each as text. */
export type FormParameters = ReadonlyMap<string, string>

/** Elements of a list that are looked at; no list of ours may have as many. */
const elementsMax = 200

/**
 * JSON members of the parameters of a form, for `decode` to judge. What is no number or boolean where one is expected
 * stays text. Names that the shape does not have are ignored.
 */
export function fromForm(
  { fields }: StructureShape,
  parameters: FormParameters,
  prefix = '',
): Record<string, unknown> {
  const members: Record<string, unknown> = {}
  for (const { name, shape } of fields) {
    const value = valueAt(shape, parameters, `${prefix}${name}`)
    if (value !== undefined) members[name] = value
  }
  return members
}

function valueAt(shape: Shape, parameters: FormParameters, name: string): unknown {
  if (shape.kind === 'list') return listAt(shape, parameters, name)
  if (shape.kind === 'structure')
    return hasBelow(parameters, name) ? fromForm(shape, parameters, `${name}.`) : undefined
  const text = parameters.get(name)
  return text === undefined ? undefined : jsonOfText(shape.kind, text)
}

/** Elements from the first on; an empty list is written as a parameter without a value. */
function listAt(
  { element }: ListShape<Shape>,
  parameters: FormParameters,
  name: string,
): unknown[] | undefined {
  const elements: unknown[] = []
  for (let number = 1; number <= elementsMax; number += 1) {
    const value = valueAt(element, parameters, `${name}.member.${number}`)
    if (value === undefined) break
    elements.push(value)
  }
  return elements.length > 0 || parameters.get(name) === '' ? elements : undefined
}

function hasBelow(parameters: FormParameters, name: string): boolean {
  const prefix = `${name}.`
  for (const parameter of parameters.keys()) if (parameter.startsWith(prefix)) return true
  return false
}

const integerForm = /^-?\d{1,19}$/

/**
 * JSON members of the members in the query of a presigned URL, where all is text: numbers in decimal, booleans as
 * clients write them (`true`, Python's `True`), blobs in base64. What is no such text stays text, for `decode` to
 * refuse. Names that the shape does not have are ignored.
 *
 * Throws SerializationException for a list or a structure: clients write those in a form of their own language.
 */
export function fromQuery(
  { fields }: StructureShape,
  parameters: FormParameters,
): Record<string, unknown> {
  const members: Record<string, unknown> = {}
  for (const { name, shape } of fields) {
    const text = parameters.get(name)
    if (text === undefined) continue
    if (shape.kind === 'list' || shape.kind === 'structure')
      throw serializationError(`${name} cannot be sent in a query string; send it in a JSON body`)
    members[name] = jsonOfText(shape.kind, text)
  }
  return members
}

/** What a text is in JSON, if it can be one of the kind; otherwise the text. */
function jsonOfText(kind: ScalarShape['kind'], text: string): unknown {
  switch (kind) {
    case 'integer':
    case 'long':
      return integerForm.test(text) ? exactInteger(text) : text
    case 'timestamp':
      return integerForm.test(text) ? Number(text) : text
    case 'boolean':
      return booleans.get(text) ?? text
    case 'string':
    case 'enumeration':
    case 'blob':
      return text
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
])

function exactInteger(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}
