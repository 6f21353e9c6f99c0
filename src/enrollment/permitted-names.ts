/** Names that an endpoint, an EAB key or a one-time password permits. */
import { parseIpAddress } from '../text/ip-address.ts'
import { containsAddress, intendedNetwork, isWithin, parseIpNetwork } from '../text/ip-network.ts'
import { canonicalIdentifier, type Identifier } from './identifier.ts'

const patternLengthMax = 255

/**
 * Returns the predicate of a sentence that states why a text is not a valid name pattern, or undefined if it is valid. A pattern
 * is a DNS name, an address, a network in CIDR notation, or `*.` followed by a DNS name. A pattern that begins with `*.` permits
 * all names below the DNS name, at any depth and including wildcards.
 */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > patternLengthMax) return `is longer than ${patternLengthMax} characters`
  const network = parseIpNetwork(pattern)
  if (network !== undefined) {
    const intended = intendedNetwork(network)
    return intended && `has an address with bits beyond the prefix length; use ${intended}`
  }
  const bytes = parseIpAddress(pattern.split('/')[0] ?? '')
  if (bytes !== undefined)
    return `has a prefix length that is not an integer from 0 to ${bytes.length * 8}`
  return canonicalIdentifier('dns', pattern) === undefined
    ? 'is not a DNS name such as *.corp.example, an address, or a network such as 10.0.0.0/8'
    : undefined
}

/**
 * Returns whether a list of patterns permits an identifier. The patterns must be valid. A wildcard identifier is permitted if a
 * pattern permits all names that it stands for: both `*.a.example` and `*.example` permit `*.a.example`.
 */
export function isPermitted(patterns: readonly string[], { type, value }: Identifier): boolean {
  return patterns.some((pattern) =>
    type === 'dns' ? permitsName(pattern.toLowerCase(), value) : permitsAddress(pattern, value),
  )
}

/** Returns whether a list of patterns permits all names that another pattern permits. The patterns must be valid. */
export function permitsPattern(patterns: readonly string[], inner: string): boolean {
  const network = parseIpNetwork(inner)
  if (network === undefined) return isPermitted(patterns, { type: 'dns', value: inner })
  return patterns.some((pattern) => {
    const outer = parseIpNetwork(pattern)
    return outer !== undefined && isWithin(network, outer)
  })
}

function permitsName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  const below = pattern.slice(1)
  return name.endsWith(below) && name.length > below.length
}

function permitsAddress(pattern: string, address: string): boolean {
  const [network, bytes] = [parseIpNetwork(pattern), parseIpAddress(address)]
  return network !== undefined && bytes !== undefined && containsAddress(network, bytes)
}
