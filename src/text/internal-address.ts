/**
 * Internal addresses, such as loopback addresses, link-local addresses, and addresses of cloud metadata services. Other parties
 * must not be able to make the server connect to an internal address. Private networks (RFC 1918, RFC 4193) are not internal,
 * because companies run their servers there.
 */
import { isIP } from 'node:net'
import { isLoopbackAddress, mappedPrefix, parseIpAddress } from './ip-address.ts'
import { containsAddress, parseIpNetwork, type IpNetwork } from './ip-network.ts'

/**
 * Addresses in the IANA IPv4 and IPv6 Special-Purpose Address Registries, and metadata addresses from the cloud providers'
 * documentation.
 */
const ranges: readonly (readonly [network: string, prefix: number, reason: string])[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local (with the metadata service of AWS, Azure and Google Cloud)'],
  ['100.100.100.200', 32, 'metadata service of Alibaba Cloud'],
  ['168.63.129.16', 32, 'metadata service of Azure'],
  ['192.0.0.0', 24, 'IETF protocol assignments (with the metadata service of Oracle Cloud)'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved and broadcast'],
  ['::', 96, 'unspecified, loopback and IPv4-compatible'],
  ['::ffff:0:0:0', 96, 'IPv4-translated'],
  ['64:ff9b:1::', 48, 'local IPv4/IPv6 translation'],
  ['100::', 64, 'discard-only'],
  ['2001::', 32, 'Teredo'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'site-local'],
  ['ff00::', 8, 'multicast'],
  ['fd00:ec2::', 32, 'metadata service of AWS'],
  ['fd20:ce::254', 128, 'metadata service of Google Cloud'],
]

/** IPv6 prefixes that embed an IPv4 address, and the offset of the IPv4 address in bytes. */
const carriers: readonly (readonly [prefix: readonly number[], at: number])[] = [
  // The prefixes are IPv4-mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1) and 6to4 (RFC 3056 §2).
  [mappedPrefix, 12],
  [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12],
  [[0x20, 0x02], 2],
]

/** A range of internal addresses. */
export interface InternalRange {
  /** The range in CIDR notation. */
  readonly text: string
  readonly network: IpNetwork
  /** Type of the addresses, such as `loopback`. */
  readonly reason: string
}

const internal = ranges.map(([address, prefix, reason]): InternalRange => {
  const text = `${address}/${prefix}`
  const network = parseIpNetwork(text)
  if (network === undefined) throw new Error(`${text} is not a network`)
  return { text, network, reason }
})

/**
 * Returns the range of internal addresses that contains the given address (4 or 16 bytes) or the IPv4 address embedded in it.
 */
export function internalRangeOf(bytes: Uint8Array): InternalRange | undefined {
  const own = bytes.length === 4 ? bytes : embeddedAddress(bytes)
  return internal.find(({ network }) => containsAddress(network, own))
}

/** Returns the IPv4 address embedded in an IPv6 address, or the IPv6 address itself if it embeds none. */
function embeddedAddress(bytes: Uint8Array): Uint8Array {
  const carrier = carriers.find(([prefix]) => prefix.every((byte, at) => bytes[at] === byte))
  if (carrier === undefined) return bytes
  const [, at] = carrier
  return bytes.subarray(at, at + 4)
}

/**
 * Returns whether an address, or the IPv4 address embedded in it, is internal. For text that is not an address, the
 * result is true.
 */
export function isInternalAddress(address: string): boolean {
  const [withoutZone = ''] = address.split('%')
  const bytes = parseIpAddress(withoutZone)
  return bytes === undefined || internalRangeOf(bytes) !== undefined
}

/**
 * Returns the host of a parsed URL without brackets. The URL parser has already normalized forms such as `0x7f.1` to
 * `127.0.0.1`.
 */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

const localhostForm = /^(?:.*\.)?localhost\.?$/

/** Returns whether a URL's host is `localhost` or an internal address. The host name is not resolved. */
export function isInternalHost(host: string): boolean {
  return localhostForm.test(host) || (isIP(host) !== 0 && isInternalAddress(host))
}

/** Returns whether a URL's host is on the loopback interface. The host name is not resolved. */
export function isLoopback(host: string): boolean {
  return localhostForm.test(host) || isLoopbackAddress(host)
}
