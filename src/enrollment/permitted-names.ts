/** Names that an endpoint, an EAB key or a one-time password permits. */
import { BlockList, isIPv6 } from 'node:net'
import { parseIpAddress } from '../text/ip-address.ts'
import { canonicalIdentifier, type Identifier } from './identifier.ts'

const patternLengthMax = 255

/**
 * Returns why a text is not a pattern for names, as the predicate of a sentence; undefined if it is one. A pattern is a DNS name,
 * `*.` and a DNS name for all names below it (of any depth, including wildcards), an address, or a network in CIDR notation.
 */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > patternLengthMax) return `is longer than ${patternLengthMax} characters`
  const [address = '', prefix, ...rest] = pattern.split('/')
  const bytes = parseIpAddress(address)
  if (bytes !== undefined) {
    if (prefix === undefined) return undefined
    const isPrefix = /^(?:0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= bytes.length * 8
    return rest.length === 0 && isPrefix
      ? undefined
      : `has a prefix length that is not an integer from 0 to ${bytes.length * 8}`
  }
  return canonicalIdentifier('dns', pattern) === undefined
    ? 'is not a DNS name such as *.corp.example, an address, or a network such as 10.0.0.0/8'
    : undefined
}

/**
 * Returns whether a list of patterns permits an identifier. The patterns must be valid. A wildcard identifier is permitted if all
 * names that it stands for are: `*.a.example` by `*.a.example` and `*.example`.
 */
export function isPermitted(patterns: readonly string[], { type, value }: Identifier): boolean {
  return patterns.some((pattern) =>
    type === 'dns' ? permitsName(pattern.toLowerCase(), value) : permitsAddress(pattern, value),
  )
}

function permitsName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  const below = pattern.slice(1)
  return name.endsWith(below) && name.length > below.length
}

function permitsAddress(pattern: string, address: string): boolean {
  const [network = '', prefix] = pattern.split('/')
  const bytes = parseIpAddress(network)
  if (bytes === undefined) return false
  const list = new BlockList()
  list.addSubnet(network, Number(prefix ?? bytes.length * 8), isIPv6(network) ? 'ipv6' : 'ipv4')
  const isSameFamily = isIPv6(network) === isIPv6(address)
  return isSameFamily && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
