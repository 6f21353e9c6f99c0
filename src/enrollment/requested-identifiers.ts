/** The identifiers in the payload of newOrder and newAuthz (RFC 8555 §7.4, RFC 8738). */
import { canonicalIdentifier, type Identifier } from './identifier.ts'

export const identifiersMax = 100

/** A reason to refuse an identifier. The identifier's members are unchanged from the request. */
interface IdentifierFault {
  readonly type: 'unsupportedIdentifier' | 'rejectedIdentifier'
  readonly identifier: { readonly type: string; readonly value: string }
  readonly detail: string
}

export type RequestedIdentifiers =
  | { readonly identifiers: readonly Identifier[] }
  | { readonly malformed: string }
  | { readonly faults: readonly IdentifierFault[] }

/**
 * Returns a request's identifiers in canonical form, in the order of the request and without duplicates. If the list is
 * malformed, returns the reason. If identifiers are refused, returns a fault for each refused identifier.
 */
export function readIdentifiers(value: unknown): RequestedIdentifiers {
  if (!Array.isArray(value) || value.length === 0 || value.length > identifiersMax)
    return {
      malformed: `The member identifiers must be an array of 1 to ${identifiersMax} identifiers.`,
    }
  const items = value.map(textsOf)
  const at = items.indexOf(undefined)
  if (at >= 0)
    return {
      malformed: `Each identifier must be an object with the strings type and value; number ${at + 1} is not.`,
    }
  const requested = items.filter((item) => item !== undefined)
  const faults = requested.map(faultOf).filter((fault) => fault !== undefined)
  return faults.length > 0 ? { faults } : { identifiers: unique(requested.map(canonical)) }
}

interface Texts {
  readonly type: string
  readonly value: string
}

function textsOf(item: unknown): Texts | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { type, value } = item as Partial<Record<string, unknown>>
  return typeof type === 'string' && typeof value === 'string' ? { type, value } : undefined
}

/** Maximum length of a client's text in a problem document. */
const shownMax = 255

function faultOf({ type, value }: Texts): IdentifierFault | undefined {
  const identifier = { type: shown(type), value: shown(value) }
  if (type !== 'dns' && type !== 'ip')
    return {
      type: 'unsupportedIdentifier',
      identifier,
      detail: 'Identifiers must have the type dns or ip.',
    }
  if (canonicalIdentifier(type, value) !== undefined) return undefined
  return {
    type: 'rejectedIdentifier',
    identifier,
    detail:
      type === 'ip'
        ? 'The value is not an IPv4 or IPv6 address.'
        : 'The value is not a DNS name in ASCII, optionally with *. before it; it must not end with a dot or be an address.',
  }
}

function shown(text: string): string {
  return text.slice(0, shownMax).toWellFormed()
}

function canonical({ type, value }: Texts): Identifier {
  const identifier = canonicalIdentifier(type === 'ip' ? 'ip' : 'dns', value)
  if (identifier === undefined) throw new TypeError('the identifier has not been checked')
  return identifier
}

function unique(identifiers: readonly Identifier[]): Identifier[] {
  return [...new Map(identifiers.map((each) => [identifierKey(each), each])).values()]
}

/** Returns a key that is the same for equal identifiers. */
export function identifierKey({ type, value }: Identifier): string {
  return `${type}:${value}`
}
