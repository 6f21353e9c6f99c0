/** Parses JSON objects from clients. */
import { isUtf8 } from 'node:buffer'
import { hasDuplicateKeys, isObject, type JsonObject } from '../../text/json.ts'
import { AcmeProblem } from '../problem.ts'

/** Maximum nesting depth of objects and arrays. */
const depthMax = 10

/**
 * Maximum number of values in JSON whose signature has not been verified. Valid JWSs and headers have far fewer values than the
 * maximum. Searching 64 KiB of short members for duplicates would take 30 ms.
 */
const unverifiedValuesMax = 100

/**
 * Parses a JSON object. Throws a `malformed` problem for bytes that are not a valid JSON object. A member that occurs twice is
 * refused, because two parsers could read different values. `name` is the name of the JSON value in the problem's detail, without
 * an article.
 */
export function parseJsonObject(
  bytes: Uint8Array,
  name: string,
  valuesMax = unverifiedValuesMax,
): JsonObject {
  if (!isUtf8(bytes)) throw malformed(`The ${name} must be JSON in UTF-8.`)
  if (hasMoreValues(bytes, valuesMax))
    throw malformed(`The ${name} must have at most ${valuesMax} values.`)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  const value = parse(text)
  if (!isObject(value)) throw malformed(`The ${name} must be a JSON object.`)
  if (isDeeper(value, depthMax))
    throw malformed(`The ${name} must have at most ${depthMax} levels.`)
  if (hasDuplicateKeys(text))
    throw malformed(`The ${name} must not have an object with a duplicate member.`)
  return value
}

const comma = 0x2c
const bracket = 0x5b
const brace = 0x7b

/** Returns whether JSON has more than `max` values. Counts the characters `,`, `[` and `{`, including those in strings. */
function hasMoreValues(bytes: Uint8Array, max: number): boolean {
  let values = 0
  for (let at = 0; at < bytes.length && values <= max; at += 1) {
    const byte = bytes[at]
    if (byte === comma || byte === bracket || byte === brace) values += 1
  }
  return values > max
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns whether a value contains more nested objects and arrays than `levels`. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

/** Creates the problem for a request that does not have the required form. */
export function malformed(detail: string): AcmeProblem {
  return new AcmeProblem('malformed', detail)
}
