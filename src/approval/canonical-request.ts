/**
 * The canonical form of a request, for comparison. Two requests are identical if and only if their canonical forms are equal.
 * Neither the order of members nor absent members affect the canonical form, but every other difference does.
 */
import { createHash } from 'node:crypto'

/** A request that needs approval. An approval allows the request to be repeated exactly. */
export interface CanonicalRequest {
  /** Account that owns the resource. */
  readonly accountId: string
  /** Region of the request; undefined for a command on the data folder. */
  readonly region: string | undefined
  readonly operation: string
  readonly resourceArn: string | undefined
  /** ARN of the user or role, and the person behind it. */
  readonly requester: string
  readonly person: string
  readonly input: object
}

/** Domain separator for the hash, so that no other hash in Signet can have the same input. */
const domain = 'signet approval request v1'

/** Returns the SHA-256 hash of a request. */
export function requestHash(request: CanonicalRequest): Buffer {
  return createHash('sha256')
    .update(`${domain}\n${canonicalJson(request)}`)
    .digest()
}

/**
 * Returns JSON with sorted members and without undefined members. A value that JSON cannot represent is encoded as an array of
 * its type name and a string. Every other array is encoded with an empty string as its first element. The encoding ensures that
 * values of different types never have the same form.
 */
export function canonicalJson(value: unknown): string {
  if (value instanceof Uint8Array)
    return JSON.stringify(['bytes', Buffer.from(value).toString('base64')])
  if (value instanceof Date) return JSON.stringify(['time', value.toISOString()])
  if (typeof value === 'bigint') return JSON.stringify(['integer', String(value)])
  if (Array.isArray(value)) return `[""${value.map((item) => `,${canonicalJson(item)}`).join('')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** Maximum length, in characters, of a value that is shown to an approver. */
const shownMax = 48 * 1024

/**
 * Returns the request's parameters as JSON for the approver. A value above the maximum length is replaced by its size and SHA-256
 * hash.
 */
export function shownInput(input: object): string {
  return JSON.stringify(shown(input))
}

/** Buffers are converted here, because JSON.stringify would first convert them to arrays of numbers. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    const isLong = value.length > (shownMax * 3) / 4
    return isLong ? omitted(value) : Buffer.from(value).toString('base64')
  }
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string')
    return value.length > shownMax ? omitted(Buffer.from(value)) : value
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]))
}

function omitted(bytes: Uint8Array): object {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { omitted: true, bytes: bytes.length, sha256 }
}
