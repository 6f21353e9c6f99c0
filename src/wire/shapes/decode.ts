import { isObject } from '../../text/json.ts'
import { type ServiceError, validationFailed } from '../../errors.ts'
import type { Constraint } from './constraints.ts'
import { echoedCharactersInAllMax, echoedCharactersMax, quoted } from './quote-value.ts'
import { convertScalar } from './scalars.ts'
import { serializationError, typeError } from './type-errors.ts'
import type { Field, Infer, ListShape, ScalarShape, Shape, StructureShape } from './shape.ts'

/** Maximum number of failures that one error message contains. */
const reportedFailuresMax = 50

/** State of the decoder while it decodes one input. */
interface Reading {
  /** Path of the current value, which consists of member names and element indexes (from 0). */
  readonly path: (string | number)[]
  /** Messages for the first failures. */
  readonly failures: string[]
  failureCount: number
  /** Number of characters that the messages may still quote from values. */
  echoLeft: number
}

/**
 * Decodes a parsed JSON value according to a shape. Members that the shape does not have are ignored, and null stands for an
 * absent member.
 *
 * Throws SerializationException if a value has the wrong JSON type. Throws ValidationException with up to 50 violated constraints
 * if any constraint is violated (AWS Private CA API, Common Errors).
 */
export function decode<S extends Shape>(shape: S, json: unknown): Infer<S> {
  if (json === null || json === undefined) throw serializationError('Expected a value')
  const reading: Reading = {
    path: [],
    failures: [],
    failureCount: 0,
    echoLeft: echoedCharactersInAllMax,
  }
  const value = read(shape, json, reading)
  if (reading.failureCount > 0) throw validationError(reading)
  // The value that `read` returns has the type of the shape, but TypeScript cannot derive that from the switch statement.
  return value as Infer<S>
}

function read(shape: Shape, json: unknown, reading: Reading): unknown {
  if (shape.kind === 'structure') return readStructure(shape, json, reading)
  if (shape.kind === 'list') return readList(shape, json, reading)
  const value = convertScalar(shape, json)
  check(shape.constraints, value, reading)
  return value
}

function readStructure(shape: StructureShape, json: unknown, reading: Reading): unknown {
  if (!isObject(json)) throw typeError(shape.kind, json)
  const value: Record<string, unknown> = {}
  for (const field of shape.fields) {
    const member = Object.hasOwn(json, field.name) ? json[field.name] : undefined
    if (member !== null && member !== undefined) {
      reading.path.push(field.pathName)
      value[field.name] = read(field.shape, member, reading)
      reading.path.pop()
    } else if (field.required) failMissing(field, reading)
  }
  return value
}

function readList(shape: ListShape<Shape>, json: unknown, reading: Reading): unknown {
  if (!Array.isArray(json)) throw typeError(shape.kind, json)
  const { element } = shape
  const values =
    element.kind === 'structure' || element.kind === 'list'
      ? json.map((item: unknown, index) => readElement(element, item, { reading, index }))
      : readScalars(element, json, reading)
  check(shape.constraints, values, reading)
  return values
}

function readElement(
  element: ListShape<Shape> | StructureShape,
  json: unknown,
  { reading, index }: { readonly reading: Reading; readonly index: number },
): unknown {
  reading.path.push(index)
  if (json === null) fail(null, notNull, reading)
  const value = json === null ? null : read(element, json, reading)
  reading.path.pop()
  return value
}

/**
 * Decodes a list of scalars. If a scalar is invalid, the failure refers to the list and contains all constraints on the elements.
 */
function readScalars(element: ScalarShape, json: readonly unknown[], reading: Reading): unknown[] {
  const values = json.map((item) => (item === null ? null : convertScalar(element, item)))
  const { constraints } = element
  const isRight = (value: unknown): boolean =>
    value !== null && constraints.every((constraint) => constraint.holds(value)) && !hasNul(value)
  if (!values.every(isRight)) {
    const texts = constraints.map(({ text }) => text)
    if (values.some(hasNul)) texts.push(withoutNul)
    const all = values.includes(null) ? [notNull, ...texts] : texts
    fail(values, `Member must satisfy constraint: [${all.join(', ')}]`, reading)
  }
  return values
}

const notNull = 'Member must not be null'

function check(constraints: readonly Constraint[], value: unknown, reading: Reading): void {
  const before = reading.failureCount
  for (const constraint of constraints)
    if (!constraint.holds(value)) fail(value, constraint.text, reading)
  if (reading.failureCount === before && hasNul(value)) fail(value, withoutNul, reading)
}

/** U+0000 is rejected here, because databases cannot store it and some of AWS's patterns allow it. */
const withoutNul = 'Member must not contain U+0000'

function hasNul(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\0')
}

function failMissing(field: Field, reading: Reading): void {
  reading.path.push(field.pathName)
  fail(null, notNull, reading)
  reading.path.pop()
}

function fail(value: unknown, constraintText: string, reading: Reading): void {
  reading.failureCount += 1
  if (reading.failures.length < reportedFailuresMax)
    reading.failures.push(
      `Value ${echoOf(value, reading)} at '${pathText(reading)}' failed to satisfy constraint: ${constraintText}`,
    )
}

/** Quotes a value as AWS does, truncated to the space that is left in the error message. */
function echoOf(value: unknown, reading: Reading): string {
  if (value === null) return 'null'
  const echo = quoted(value, Math.min(echoedCharactersMax, reading.echoLeft))
  reading.echoLeft = Math.max(0, reading.echoLeft - echo.length)
  return echo
}

/**
 * Formats the path of a value as AWS does, such as `tags.1.member.key`. Elements are numbered from 1, and each element is
 * called `member`.
 */
function pathText({ path }: Reading): string {
  return path.map((step) => (typeof step === 'number' ? `${step + 1}.member` : step)).join('.')
}

function validationError({ failures, failureCount }: Reading): ServiceError {
  const detected = `${failureCount} validation error${failureCount === 1 ? '' : 's'} detected`
  const more = failureCount > failures.length ? '; …' : ''
  return validationFailed(`${detected}: ${failures.join('; ')}${more}`)
}
