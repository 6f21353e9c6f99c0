/** AWS's error messages for values of the wrong JSON type (AWS JSON 1.1, SerializationException). */
import { ServiceError } from '../../errors.ts'
import type { Shape } from './shape.ts'

const int32Max = 2 ** 31 - 1

const typeNames: Readonly<Record<Shape['kind'], string>> = {
  string: 'a String',
  enumeration: 'a String',
  blob: 'a Blob',
  integer: 'an Integer',
  long: 'a Long',
  boolean: 'a Boolean',
  timestamp: 'a Date',
  list: 'a List',
  structure: 'a Structure',
}

/** Creates the error for a non-null JSON value of the wrong type. `detail` is appended to the message. */
export function typeError(kind: Shape['kind'], value: unknown, detail?: string): ServiceError {
  if (kind === 'list') return serializationError('Expected list or null')
  if (Array.isArray(value)) return serializationError('Start of list found where not expected')
  if (typeof value === 'object')
    return serializationError('Start of structure or map found where not expected.')
  if (kind === 'structure') return serializationError('Expected structure or null')
  const text = `class java.lang.${javaClass(value)} can not be converted to ${typeNames[kind]}`
  return serializationError(detail === undefined ? text : `${text}: ${detail}`)
}

export function serializationError(message: string): ServiceError {
  return new ServiceError('SerializationException', message)
}

/** Returns the name of the Java class for a JSON scalar in AWS's messages. */
function javaClass(value: unknown): string {
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Boolean'
  if (typeof value === 'number' && !Number.isInteger(value)) return 'Double'
  return typeof value === 'number' && Math.abs(value) <= int32Max ? 'Integer' : 'Long'
}
