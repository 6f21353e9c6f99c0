import { hash } from 'node:crypto'
import { ServiceError } from '../../errors.ts'
import type { RawHeaders, RawRequest } from './request.ts'

/**
 * The canonical request, latin1 text (AWS IAM User Guide, Create a signed AWS API request, step 1). The payload hash
 * is always that of the body. Throws InvalidSignatureException if a signed header was not sent or the query has a
 * malformed percent escape.
 */
export function canonicalRequest(request: RawRequest, signedHeaders: readonly string[]): string {
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    canonicalHeaders(request.headers, signedHeaders),
    signedHeaders.join(';'),
    hash('sha256', request.body, 'hex'),
  ].join('\n')
}

/**
 * Path as sent, without empty, `.` and `..` segments, each byte that is not unreserved (RFC 3986 §2.3) percent
 * encoded once more: the rule for every service but S3.
 */
export function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/'
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(uriEncode(segment))
  }
  const end = path.endsWith('/') && segments.length > 0 ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/**
 * Parameters decoded, encoded the one canonical way and sorted by name, then value. `X-Amz-Signature` is left out:
 * it is the signature. A `+` stands for itself.
 */
export function canonicalQuery(query: string): string {
  if (query === '') return ''
  return parseQuery(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** A malformed query string or form. */
export class MalformedQuery extends ServiceError {
  override name = 'MalformedQuery'

  constructor(message: string) {
    super('InvalidSignatureException', message)
  }
}

/** Limit on the parameters of a query string or form. No operation has more than a few hundred. */
const parametersMax = 1000

/**
 * Names and values of a query string, percent-decoded to bytes (latin1 text), in the order sent. Throws MalformedQuery, an
 * InvalidSignatureException, for a `%` that two hexadecimal digits do not follow, and for more than 1000 parameters.
 */
export function parseQuery(query: string): (readonly [name: string, value: string])[] {
  if (query === '') return []
  const parameters = query.split('&', parametersMax + 1)
  if (parameters.length > parametersMax)
    throw new MalformedQuery(`The query string or form has more than ${parametersMax} parameters.`)
  return parameters.map((parameter) => {
    const equals = parameter.indexOf('=')
    return equals < 0
      ? [uriDecode(parameter), '']
      : [uriDecode(parameter.slice(0, equals)), uriDecode(parameter.slice(equals + 1))]
  })
}

/** Whether a query string has a parameter of that name. Never throws: a malformed parameter has no name. */
export function hasParameter(query: string, name: string): boolean {
  if (query === '') return false
  return query.split('&', parametersMax + 1).some((parameter) => {
    const equals = parameter.indexOf('=')
    const text = equals < 0 ? parameter : parameter.slice(0, equals)
    return text === name || (text.includes('%') && percentDecode(text) === name)
  })
}

function canonicalHeaders(headers: RawHeaders, signedHeaders: readonly string[]): string {
  let text = ''
  for (const name of signedHeaders) {
    const values = headers.get(name)
    if (values === undefined) {
      throw new ServiceError(
        'InvalidSignatureException',
        `The header '${name}' is a SignedHeader but is not in the request.`,
      )
    }
    text += `${name}:${values.map(collapseSpaces).join(',')}\n`
  }
  return text
}

/** Hardly any value has what is collapsed. */
const collapsible = /[ \t]{2}|\t|^ | $/

function collapseSpaces(value: string): string {
  if (!collapsible.test(value)) return value
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')
}

const notUnreserved = /[^A-Za-z0-9\-._~]/g

function uriEncode(text: string): string {
  return text.replace(notUnreserved, escapeByte)
}

const escapes = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
)

function escapeByte(character: string): string {
  return escapes[character.charCodeAt(0)] ?? ''
}

function uriDecode(text: string): string {
  if (!text.includes('%')) return text
  const decoded = percentDecode(text)
  if (decoded !== undefined) return decoded
  const [escape] = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(text) ?? []
  throw new MalformedQuery(`The query string has a malformed percent escape: '${escape}'.`)
}

/** Undefined if a `%` is not followed by two hexadecimal digits. */
function percentDecode(text: string): string | undefined {
  const [first = '', ...rest] = text.split('%')
  let decoded = first
  for (const part of rest) {
    const byte = hexByte(part)
    if (byte === undefined) return undefined
    decoded += String.fromCharCode(byte) + part.slice(2)
  }
  return decoded
}

function hexByte(text: string): number | undefined {
  const high = hexDigit(text.charCodeAt(0))
  const low = hexDigit(text.charCodeAt(1))
  return high === undefined || low === undefined ? undefined : high * 16 + low
}

/** The value of a code unit as a digit; undefined for other characters, and for NaN, which follows the end of a text. */
function hexDigit(unit: number): number | undefined {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
