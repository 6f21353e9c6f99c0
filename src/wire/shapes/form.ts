/**
 * Members in a form (AWS Query protocol): `Name=value`, members of structures after a dot, elements of lists as
 * `Name.member.1`.
 */
import { jsonOfText } from './query.ts'
import type { ListShape, Shape, StructureShape } from './shape.ts'

/** Parameters by name, each as text. */
export type FormParameters = ReadonlyMap<string, string>

/** Elements of a list that are looked at; no list of ours may have as many. */
const elementsMax = 200

/**
 * JSON members of the parameters of a form, for `decode` to judge. What is no number or boolean where one is expected
 * stays text. Names that the shape does not have are ignored.
 */
export function fromForm(
  shape: StructureShape,
  parameters: FormParameters,
): Record<string, unknown> {
  return structureAt(shape, parameters, '')
}

function structureAt(
  { fields }: StructureShape,
  parameters: FormParameters,
  prefix: string,
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
    return hasBelow(parameters, name) ? structureAt(shape, parameters, `${name}.`) : undefined
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
