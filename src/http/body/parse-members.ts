/** From the bytes of a request to the members of its input, before any type is looked at. */
import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../errors.ts'
import { isAuthenticationParameter } from '../../wire/sigv4/presigned-url.ts'
import { parametersOf, parseQuery, type QueryString } from '../../wire/sigv4/query-string.ts'
import type { SignedRequest } from '../../wire/sigv4/request.ts'
import { encodingProblem } from './encoding.ts'
import { earlyBytesMax, longBodyValuesMax } from './limits.ts'

/** Members by name, as JSON has them; which there may be and of which type is for the operation's shape to say. */
export type Members = Readonly<Record<string, unknown>>

/** Members in the query of a presigned URL. */
export type QueryMembers = ReadonlyMap<string, string>

/** Whether members came in a query. */
export function isQuery(members: Members | QueryMembers): members is QueryMembers {
  return members instanceof Map
}

/** The media type of AWS JSON 1.1, for requests and answers. */
export const jsonMediaType = 'application/x-amz-json-1.1'

/** Whether the one Content-Type is AWS JSON 1.1; parameters, such as a charset, do not matter. */
export function isJsonMediaType(values: readonly string[] | undefined): boolean {
  return mediaTypeOf(values) === jsonMediaType
}

/** Whether the one Content-Type is that of a form (HTML, URL-encoded form data). */
export function isFormMediaType(values: readonly string[] | undefined): boolean {
  return mediaTypeOf(values) === 'application/x-www-form-urlencoded'
}

function mediaTypeOf(values: readonly string[] | undefined): string {
  const [value = ''] = values?.length === 1 ? values : []
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/**
 * The members in a JSON body. Throws SerializationException if it is not UTF-8, not JSON or not an object: without text, as
 * AWS does, unless the body is encoded in a way that is not supported. Of a repeated member the last counts.
 */
export function membersOfBody(request: Pick<SignedRequest, 'headers' | 'body'>): Members {
  const { body } = request
  const value = isUtf8(body) && !hasTooManyValues(body) ? parseJson(textOf(body)) : undefined
  if (!isObject(value)) throw serialization(encodingProblem(request) ?? '')
  return value
}

/**
 * The members in the query of a presigned URL: all of them text. Throws SerializationException, without text, if
 * one is not UTF-8. Of a repeated member the last counts.
 */
export function membersOfQuery(query: QueryString): QueryMembers {
  const members = parametersOf(query).filter(([name]) => !isAuthenticationParameter(name))
  return new Map(members.map(([name, value]) => [utf8(name), utf8(value)]))
}

/**
 * The parameters in a form. Throws SerializationException if the body is encoded, has too many parameters or a malformed
 * percent escape, or if a parameter is not UTF-8. Of a repeated one the last counts.
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
 * Whether a long body has more values than any valid input. Millions of values take many times the memory of their text, and
 * a second to parse. The characters before values are counted, including those in strings.
 */
function hasTooManyValues(body: Uint8Array): boolean {
  if (body.length <= earlyBytesMax) return false
  let values = 0
  // An iterator would take several times as long.
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === comma || byte === bracket || byte === brace) values += 1
  }
  return values > longBodyValuesMax
}

/**
 * A number with more digits than a number holds exactly. The search starts at characters that precede values: over all digits, those
 * of ARNs and base64 too, it took 1.4 µs of the 13 µs of a GetCertificate in a loop; this one takes 0.1.
 */
const longNumber = /[:[,]\s*-?\d{16}/
/** Length of the longest 64-bit integer with its sign. */
const exactDigitsMax = 20
/** Longer texts are parsed without the reviver: calling it for each value takes many times as long as parsing. */
const exactTextMax = 16 * 1024

function parseJson(text: string): unknown {
  const isExact = text.length <= exactTextMax && longNumber.test(text)
  try {
    return isExact ? JSON.parse(text, exactInteger) : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An integer that a number would round comes as a bigint, for the shape to judge what was really sent. */
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
