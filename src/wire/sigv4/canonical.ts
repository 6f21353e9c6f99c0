import { hash } from 'node:crypto'
import { invalidSignature } from '../../errors.ts'
import { parametersOf, type QueryString } from './query-string.ts'
import type { RawHeaders, SignedRequest } from './request.ts'

/**
 * Returns the canonical request as latin1 text (IAM User Guide, Create a signed AWS API request, step 1). The payload hash in
 * the canonical request is always the hash of the body. Throws InvalidSignatureException if a signed header is missing or the
 * query has a malformed percent escape.
 */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const { method, path, query, headers, body } = request
  return (
    `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n` +
    `${canonicalHeaders(headers, signedHeaders)}\n${signedHeaders.join(';')}\n` +
    hash('sha256', body, 'hex')
  )
}

/**
 * Returns the canonical path of a request. Empty, `.` and `..` segments of the path that the client sent are removed, and each
 * byte is percent-encoded again unless it is unreserved (RFC 3986 §2.3). The rules for the canonical path apply to every service
 * except S3.
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
 * Returns the query parameters in canonical encoding, without `X-Amz-Signature`. The parameters are sorted by name and then by
 * value. Throws MalformedQuery if the query is malformed.
 */
export function canonicalQuery(query: QueryString): string {
  const parameters = parametersOf(query)
  if (parameters.length === 0) return ''
  return parameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function canonicalHeaders(headers: RawHeaders, signedHeaders: readonly string[]): string {
  let text = ''
  for (const name of signedHeaders) {
    const values = headers.get(name)
    if (values === undefined) {
      throw invalidSignature(`The header '${name}' is a SignedHeader but is not in the request.`)
    }
    const [only = ''] = values
    const value = values.length === 1 ? collapseSpaces(only) : values.map(collapseSpaces).join(',')
    text += `${name}:${value}\n`
  }
  return text
}

/** Matches the rare header values whose white space must be collapsed. */
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

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
