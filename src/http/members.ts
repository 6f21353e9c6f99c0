/** From the bytes of a request to the members of its input, before any type is looked at. */
import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../errors.ts'
import { parseQuery } from '../wire/sigv4-canonical.ts'
import { isAuthenticationParameter } from '../wire/sigv4-query.ts'
import type { RawRequest } from '../wire/sigv4-request.ts'

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

/** Whether the request is signed in its query, and so has its members there too if it has no body. */
export function isPresigned(request: RawRequest): boolean {
  return parseQuery(request.query).some(([name]) => name === 'X-Amz-Algorithm')
}

/**
 * The members in a JSON body. Throws SerializationException, without text, if it is not UTF-8, not JSON or not an
 * object. Of a repeated member the last counts.
 */
export function membersOfBody(body: Uint8Array): Members {
  if (!isUtf8(body)) throw serialization()
  const value = parseJson(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
  if (!isObject(value)) throw serialization()
  return value
}

/**
 * The members in the query of a presigned URL: all of them text. Throws SerializationException, without text, if
 * one is not UTF-8. Of a repeated member the last counts.
 */
export function membersOfQuery(query: string): QueryMembers {
  const members = parseQuery(query).filter(([name]) => !isAuthenticationParameter(name))
  return new Map(members.map(([name, value]) => [utf8(name), utf8(value)]))
}

/**
 * The parameters in a form. Throws SerializationException, without text, if one is not UTF-8. Of a repeated one the last
 * counts.
 */
export function membersOfForm(body: Uint8Array): QueryMembers {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  return membersOfQuery(text.replaceAll('+', '%20'))
}

function utf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  if (!isUtf8(bytes)) throw serialization()
  return bytes.toString('utf8')
}

/** More digits than a number holds exactly. */
const longNumber = /\d{16}/

function parseJson(text: string): unknown {
  try {
    return longNumber.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text)
  } catch {
    throw serialization()
  }
}

/** An integer that a number would round comes as a bigint, for the shape to judge what was really sent. */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? ''
  const rounded = typeof value === 'number' && !Number.isSafeInteger(value)
  return rounded && /^-?\d+$/.test(source) ? BigInt(source) : value
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function serialization(): ServiceError {
  return new ServiceError('SerializationException', '')
}
