/**
 * Converts IP addresses between text and bytes. Only text that `node:net` accepts is treated as an address, so no other
 * spelling can appear in a certificate or a rule.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** Returns the 4 or 16 bytes of an IP address, or undefined for any other text, including an IPv6 address with a zone. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number))
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail = ''] = text.split('::')
  const after = ipv6Bytes(tail)
  const bytes = new Uint8Array(16)
  bytes.set(ipv6Bytes(head))
  bytes.set(after, bytes.length - after.length)
  return bytes
}

/** Returns a host as it appears in URLs: an IPv6 address is in brackets (RFC 3986 §3.2.2). */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Returns the bytes of colon-separated groups. The last group may be an IPv4 address. */
function ipv6Bytes(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/**
 * Formats 4 or 16 bytes as an IP address: IPv4 in dotted decimal, and IPv6 according to RFC 5952, as the URL
 * standard serializes it.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  return new URL(`http://[${ipv6Groups(bytes).join(':')}]/`).hostname.slice(1, -1)
}

function ipv6Groups(bytes: Uint8Array): string[] {
  const high = bytes.filter((_, at) => at % 2 === 0)
  return Array.from(high, (byte, at) => ((byte << 8) | (bytes[2 * at + 1] ?? 0)).toString(16))
}

/**
 * Formats the address and mask in a name constraint (RFC 5280 §4.2.1.10), such as `10.0.0.0/8`. The input has 8 or 32 bytes. An
 * address without a mask is formatted as a plain address.
 */
export function formatAddressRange(content: Uint8Array): string {
  if (content.length === 4 || content.length === 16) return formatIpAddress(content)
  const half = content.length / 2
  const ones = content
    .subarray(half)
    .reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  return `${formatIpAddress(content.subarray(0, half))}/${ones}`
}

/**
 * Returns the network that is treated as a single client. The network of an IPv4 address is the address itself, even if it is
 * written as IPv6. The network of an IPv6 address is its /64 prefix, because a host can use any number of addresses with that
 * prefix. Any other string is returned unchanged.
 */
export function networkOf(text: string): string {
  // The common forms are checked first, because this function runs several times for each request.
  if (!text.includes(':')) return text
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1]
  if (dotted !== undefined) return dotted
  const [withoutZone = ''] = text.split('%')
  const bytes = parseIpAddress(withoutZone)
  if (bytes === undefined) return text
  if (mappedPrefix.every((byte, at) => bytes[at] === byte))
    return formatIpAddress(bytes.subarray(12))
  return `${ipv6Groups(bytes.subarray(0, 8)).join(':')}::/64`
}

/** Returns whether text is a loopback address: 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(text: string): boolean {
  const bytes = parseIpAddress(text)
  if (bytes === undefined) return false
  return bytes.length === 4 ? bytes[0] === 127 : formatIpAddress(bytes) === '::1'
}

/** Prefix of IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2). */
export const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
