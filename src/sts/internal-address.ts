/**
 * Network addresses that a remote identity provider must not make the server connect to: this machine, its links, and the
 * metadata services of clouds. Private networks (RFC 1918, RFC 4193) are allowed, because companies run their identity
 * providers there.
 */
import { BlockList, isIP } from 'node:net'
import {
  formatIpAddress,
  isLoopbackAddress,
  mappedPrefix,
  parseIpAddress,
} from '../text/ip-address.ts'

/** IANA IPv4 and IPv6 Special-Purpose Address Registries; metadata addresses from the documentation of the clouds. */
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

/** IPv6 prefixes that embed an IPv4 address, and the offset in bytes of the IPv4 address. */
const carriers: readonly (readonly [prefix: readonly number[], at: number])[] = [
  // IPv4-mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2).
  [mappedPrefix, 12],
  [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12],
  [[0x20, 0x02], 2],
]

const internal = new BlockList()
for (const [network, prefix] of ranges)
  internal.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4')

/** Returns whether an address, or the IPv4 address embedded in it, is internal. True for text that is not an address. */
export function isInternalAddress(address: string): boolean {
  const [withoutZone = ''] = address.split('%')
  const bytes = parseIpAddress(withoutZone)
  if (bytes === undefined) return true
  if (bytes.length === 4) return internal.check(withoutZone, 'ipv4')
  const carrier = carriers.find(([prefix]) => prefix.every((byte, at) => bytes[at] === byte))
  if (carrier === undefined) return internal.check(withoutZone, 'ipv6')
  const [, at] = carrier
  return internal.check(formatIpAddress(bytes.subarray(at, at + 4)), 'ipv4')
}

/**
 * Returns the host of a parsed URL without brackets. The URL parser has already normalized forms such as `0x7f.1` to
 * `127.0.0.1`.
 */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

const localhostForm = /^(?:.*\.)?localhost\.?$/

/** Returns whether the host of a URL is `localhost` or an internal address. The host is not resolved. */
export function isInternalHost(host: string): boolean {
  return localhostForm.test(host) || (isIP(host) !== 0 && isInternalAddress(host))
}

/** Returns whether the host of a URL is on the loopback interface. The host is not resolved. */
export function isLoopback(host: string): boolean {
  return localhostForm.test(host) || isLoopbackAddress(host)
}
