/**
 * Shapes of AWS JSON 1.1 members. A single declaration provides the TypeScript type (`Infer`), the decoder with its limits
 * (decode.ts) and the encoder (encode.ts). Tests compare the declarations with AWS's model.
 */
import type { StorableText } from '../../text/storable-text.ts'
import {
  enumConstraints,
  lengthConstraints,
  rangeConstraints,
  stringConstraints,
  type Constraint,
  type Limits,
  type StringLimits,
} from './constraints.ts'

interface Constrained {
  /** Constraints on values, in the order in which violated constraints are reported. */
  readonly constraints: readonly Constraint[]
}

/** A string value. `min` and `max` limit the number of code points, and `pattern` must match the whole value. */
export interface StringShape extends Constrained {
  readonly kind: 'string'
  readonly limits: StringLimits
}

/** A string that must be one of `values`. */
export interface EnumerationShape<V extends string = string> extends Constrained {
  readonly kind: 'enumeration'
  readonly values: readonly V[]
}

interface LimitedShape<K extends string> extends Constrained {
  readonly kind: K
  readonly limits: Limits
}

/** Bytes, which are encoded in base64 on the wire. `min` and `max` limit the number of bytes. */
export type BlobShape = LimitedShape<'blob'>

/** A 32-bit integer. */
export type IntegerShape = LimitedShape<'integer'>

/** A 64-bit integer. The integer's type is bigint if a JavaScript number cannot represent the value exactly. */
export type LongShape = LimitedShape<'long'>

export interface BooleanShape extends Constrained {
  readonly kind: 'boolean'
}

/** A time, represented on the wire as seconds since 1970 with milliseconds as a fraction. */
export interface TimestampShape extends Constrained {
  readonly kind: 'timestamp'
}

export type ScalarShape =
  | StringShape
  | EnumerationShape
  | BlobShape
  | IntegerShape
  | LongShape
  | BooleanShape
  | TimestampShape

/** A list of values. `min` and `max` limit the number of items. */
export interface ListShape<E extends Shape> extends Constrained {
  readonly kind: 'list'
  readonly element: E
  readonly limits: Limits
}

export interface StructureShape<M extends Members = Members> {
  readonly kind: 'structure'
  /** Members by their declared names. */
  readonly members: M
  /** The members of the structure as a list, for iteration. */
  readonly fields: readonly Field[]
}

export type Shape = ScalarShape | ListShape<Shape> | StructureShape

/** A structure member that is required. */
export interface RequiredMember<S extends Shape = Shape> {
  readonly kind: 'required'
  readonly shape: S
}

/** Members of a structure by their wire names. */
export interface Members {
  readonly [name: string]: Shape | RequiredMember
}

export interface Field {
  readonly name: string
  /** Name of the member in ValidationException messages, such as `certificateAuthorityArn`. */
  readonly pathName: string
  readonly shape: Shape
  readonly required: boolean
}

type RequiredNames<M extends Members> = {
  [N in keyof M]: M[N] extends RequiredMember ? N : never
}[keyof M]

type InferMember<S> = S extends RequiredMember<infer R> ? Infer<R> : Infer<S>

type InferMembers<M extends Members> = {
  readonly [N in RequiredNames<M>]: InferMember<M[N]>
} & {
  readonly [N in Exclude<keyof M, RequiredNames<M>>]?: InferMember<M[N]>
}

type Flat<T> = { readonly [K in keyof T]: T[K] }

/** The type of a shape's values. Required members are always present. Optional members are absent rather than undefined. */
export type Infer<S> =
  S extends EnumerationShape<infer V>
    ? V
    : S extends StringShape
      ? StorableText
      : S extends BlobShape
        ? Uint8Array
        : S extends IntegerShape
          ? number
          : S extends LongShape
            ? number | bigint
            : S extends BooleanShape
              ? boolean
              : S extends TimestampShape
                ? Date
                : S extends ListShape<infer E>
                  ? readonly Infer<E>[]
                  : S extends StructureShape<infer M>
                    ? Flat<InferMembers<M>>
                    : never

export function string(limits: StringLimits = {}): StringShape {
  return { kind: 'string', limits, constraints: stringConstraints(limits) }
}

export function enumeration<const V extends string>(values: readonly V[]): EnumerationShape<V> {
  return { kind: 'enumeration', values, constraints: enumConstraints(values) }
}

export function blob(limits: Limits = {}): BlobShape {
  return { kind: 'blob', limits, constraints: lengthConstraints(limits) }
}

export function integer(limits: Limits = {}): IntegerShape {
  return { kind: 'integer', limits, constraints: rangeConstraints(limits) }
}

export function long(limits: Limits = {}): LongShape {
  return { kind: 'long', limits, constraints: rangeConstraints(limits) }
}

export function boolean(): BooleanShape {
  return { kind: 'boolean', constraints: [] }
}

export function timestamp(): TimestampShape {
  return { kind: 'timestamp', constraints: [] }
}

export function list<E extends Shape>(element: E, limits: Limits = {}): ListShape<E> {
  return { kind: 'list', element, limits, constraints: lengthConstraints(limits) }
}

export function structure<const M extends Members>(members: M): StructureShape<M> {
  return { kind: 'structure', members, fields: Object.entries(members).map(fieldOf) }
}

/** Marks a member of a structure as required. */
export function required<S extends Shape>(shape: S): RequiredMember<S> {
  return { kind: 'required', shape }
}

function fieldOf([name, member]: readonly [string, Shape | RequiredMember]): Field {
  const pathName = name.charAt(0).toLowerCase() + name.slice(1)
  return member.kind === 'required'
    ? { name, pathName, shape: member.shape, required: true }
    : { name, pathName, shape: member, required: false }
}
