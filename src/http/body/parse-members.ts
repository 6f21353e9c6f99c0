/** Parses the body or the URL query of a request into input members, without checking the types of the members. */
import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../errors.ts'
import { isAuthenticationParameter } from '../../wire/sigv4/presigned-url.ts'
import { parametersOf, parseQuery, type QueryString } from '../../wire/sigv4/query-string.ts'
import type { SignedRequest } from '../../wire/sigv4/request.ts'
import { encodingProblem } from './encoding.ts'
import { earlyBytesMax, longBodyValuesMax } from './limits.ts'

/** JSON members by name. The names and types of the members are checked later, against the operation's shape. */
export type Members = Readonly<Record<string, unknown>>

/** The members from the URL query of a presigned request. */
export type QueryMembers = ReadonlyMap<string, string>

/** Returns whether the members come from a URL query. */
export function isQuery(members: Members | QueryMembers): members is QueryMembers {
  return members instanceof Map
}

/** The media type of AWS JSON 1.1 requests and responses. */
export const jsonMediaType = 'application/x-amz-json-1.1'

/**
 * Returns whether the request has exactly one Content-Type header, with the media type of AWS JSON 1.1. Parameters, such as a
 * charset, are ignored.
 */
export function isJsonMediaType(values: readonly string[] | undefined): boolean {
  return mediaTypeOf(values) === jsonMediaType
}

/**
 * Returns whether the request has exactly one Content-Type header, with the media type of an HTML form (URL-encoded form data).
 */
export function isFormMediaType(values: readonly string[] | undefined): boolean {
  return mediaTypeOf(values) === 'application/x-www-form-urlencoded'
}

function mediaTypeOf(values: readonly string[] | undefined): string {
  const [value = ''] = values?.length === 1 ? values : []
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/**
 * Parses the members in a JSON body. Throws SerializationException if the body is not UTF-8, not JSON or not an object. The
 * error message is empty, as with AWS, unless the body has an unsupported encoding. If a member is repeated, its last value is
 * used.
 */
export function membersOfBody(request: Pick<SignedRequest, 'headers' | 'body'>): Members {
  const { body } = request
  const value = isUtf8(body) && !hasTooManyValues(body) ? parseJson(textOf(body)) : undefined
  if (!isObject(value)) throw serialization(encodingProblem(request) ?? '')
  return value
}

/**
 * Parses the members in a presigned URL's query, all of which are strings. Throws SerializationException with an empty message if
 * a member is not UTF-8. If a member is repeated, its last value is used.
 */
export function membersOfQuery(query: QueryString): QueryMembers {
  const members = parametersOf(query).filter(([name]) => !isAuthenticationParameter(name))
  return new Map(members.map(([name, value]) => [utf8(name), utf8(value)]))
}

/**
 * Parses the parameters in an HTML form. Throws SerializationException if the body is compressed or has too many parameters, or
 * if a parameter contains a malformed percent escape or is not UTF-8. If a parameter is repeated, its last value is used.
 */
export function membersOfForm(request: Pick<SignedRequest, 'headers' | 'body'>): QueryMembers {
  const problem = encodingProblem(request)
  if (problem !== undefined) throw serialization(problem)
  const { body } = request
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  return membersOfQuery(parseQuery(text.replaceAll('+', ' ')))
}

function utf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  if (!isUtf8(bytes)) throw serialization('')
  return bytes.toString('utf8')
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')
}

const comma = 0x2c
const bracket = 0x5b
const brace = 0x7b

/**
 * Returns whether a body contains more JSON values than any valid input. Parsing millions of values takes about a second, and
 * requires many times as much memory as the text of the values. The function counts commas and opening brackets, including
 * commas and brackets within strings.
 */
function hasTooManyValues(body: Uint8Array): boolean {
  if (body.length <= earlyBytesMax) return false
  let values = 0
  // A loop with an iterator would be several times slower.
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === comma || byte === bracket || byte === brace) values += 1
  }
  return values > longBodyValuesMax
}

/**
 * Matches an integer with more digits than a JavaScript number can represent exactly. The pattern starts with a character that
 * precedes a value. The pattern takes 0.1 µs. Searching for digits everywhere, including in ARNs and base64, took 1.4 µs of the
 * 13 µs for a GetCertificate request.
 */
const longNumber = /[:[,]\s*-?\d{16}/
/** Number of characters in the longest 64-bit integer, including its sign. */
const exactDigitsMax = 20
/**
 * Maximum length of text that is parsed with the JSON.parse reviver. A reviver is called for each value, and the calls take many
 * times as long as the parsing itself.
 */
const exactTextMax = 16 * 1024

function parseJson(text: string): unknown {
  const isExact = text.length <= exactTextMax && longNumber.test(text)
  try {
    return isExact ? JSON.parse(text, exactInteger) : JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Acts as a reviver for JSON.parse. Returns a bigint for an integer that a JavaScript number cannot represent exactly, so that
 * the exact integer is validated.
 */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return source.length <= exactDigitsMax && /^-?\d+$/.test(source) ? BigInt(source) : value
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function serialization(message: string): ServiceError {
  return new ServiceError('SerializationException', message)
}
