/**
 * Decodes members from the query of a presigned URL or from a form of the AWS Query protocol. In a form, each parameter is
 * written as `Name=value`. Members of structures follow a dot, and list elements are written as `Name.member.1`.
 */
import { serializationError } from './type-errors.ts'
import type { ListShape, Shape, StructureShape, ScalarShape } from './shape.ts'

/** Values of the parameters, by parameter name. */
export type FormParameters = ReadonlyMap<string, string>

/** Maximum number of list elements that are decoded. The limits of all list shapes are lower. */
const elementsMax = 200

/**
 * Converts the parameters of a form to JSON for `decode`. Text that is not a valid number or boolean remains text, so that
 * `decode` rejects it. Parameters with unknown names are ignored.
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

/**
 * Returns the elements of a list, from number 1 to the first missing number. A parameter without a value stands for an empty
 * list.
 */
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
 * Converts the query of a presigned URL to JSON for `decode`. Numbers are decimal, booleans are written as clients write them
 * (`true`, or `True` in Python), and blobs are in base64. Any other text remains text, so that `decode` rejects it. Parameters
 * with unknown names are ignored.
 *
 * Throws SerializationException for a list or a structure, because clients have no common encoding for lists and structures.
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

/** Converts text to the JSON type for a kind of shape. Text that is invalid for the kind is returned unchanged. */
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
