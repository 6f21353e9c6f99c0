import { isObject } from '../../text/json.ts'
import type { StorableText } from '../../text/storable-text.ts'
import type { Infer, Shape, StructureShape } from './shape.ts'

type Scalar = string | number | bigint | boolean | Date | Uint8Array

type Lenient<T> = T extends StorableText
  ? string
  : T extends Scalar
    ? T
    : T extends readonly (infer E)[]
      ? readonly Lenient<E>[]
      : { [K in keyof T]: object extends Pick<T, K> ? Lenient<T[K]> | undefined : Lenient<T[K]> }

/** Values that a shape can encode. Optional members may be undefined. */
export type Encodable<S> = Lenient<Infer<S>>

/**
 * Encodes a structure for JSON. A Date is encoded as seconds since 1970 with milliseconds as a fraction, and bytes are encoded in
 * base64. Undeclared and undefined members are omitted. The value's type is not checked.
 */
export function encode<S extends StructureShape>(shape: S, value: Encodable<S>): object {
  return encodeStructure(shape, value)
}

function encodeValue(shape: Shape, value: unknown): unknown {
  if (shape.kind === 'structure') return encodeStructure(shape, value)
  if (shape.kind === 'list' && Array.isArray(value))
    return value.map((item: unknown) => encodeValue(shape.element, item))
  if (value instanceof Date) return value.getTime() / 1000
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

function encodeStructure({ fields }: StructureShape, value: unknown): object {
  const members: Record<string, unknown> = {}
  if (!isObject(value)) return members
  for (const { name, shape } of fields) {
    const member = value[name]
    if (member !== undefined) members[name] = encodeValue(shape, member)
  }
  return members
}
