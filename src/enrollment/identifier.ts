/** Identifiers of ACME orders: DNS names and IP addresses (RFC 8555 §7.1.4, RFC 8738). */
import { formatIpAddress, parseIpAddress } from '../text/ip-address.ts'

export interface Identifier {
  readonly type: 'dns' | 'ip'
  /** A DNS name in lower case, with `*.` for a wildcard; or an address in its canonical form (RFC 5952). */
  readonly value: string
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const dnsForm = new RegExp(`^(?:\\*\\.)?(?:${label}\\.)*${label}$`)
const dnsLengthMax = 253

/**
 * Returns an identifier in its canonical form. Returns undefined for a value that is not an address, or not a DNS name in ASCII
 * (optionally with a wildcard as its first label). A DNS name must not have the form of an IPv4 address.
 *
 * @example
 * canonicalIdentifier('dns', 'Host.Example.')  // undefined: a trailing dot is not accepted
 */
export function canonicalIdentifier(
  type: Identifier['type'],
  text: string,
): Identifier | undefined {
  if (type === 'ip') {
    const bytes = parseIpAddress(text)
    return bytes && { type, value: formatIpAddress(bytes) }
  }
  const value = text.toLowerCase()
  if (value.length > dnsLengthMax || !dnsForm.test(value)) return undefined
  return /(?:^|\.)[0-9]+$/.test(value) ? undefined : { type, value }
}

/** Returns whether a DNS identifier is a wildcard. */
export function isWildcard({ type, value }: Identifier): boolean {
  return type === 'dns' && value.startsWith('*.')
}
