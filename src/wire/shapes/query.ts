import { serializationError } from './type-errors.ts'
import type { ScalarShape, StructureShape } from './shape.ts'

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
  parameters: ReadonlyMap<string, string>,
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
export function jsonOfText(kind: ScalarShape['kind'], text: string): unknown {
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
