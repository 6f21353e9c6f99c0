/** Networks in CIDR notation. IPv4 and IPv6 networks never contain each other. */
import { formatIpAddress, parseIpAddress } from './ip-address.ts'

export interface IpNetwork {
  /** The 4 or 16 bytes of an address in the network. */
  readonly bytes: Uint8Array
  /** Number of leading bits that all addresses of the network share. */
  readonly prefix: number
}

/**
 * Parses a network such as `10.0.0.0/8`, or a single address, which is a network with one address. Returns undefined for any
 * other text.
 */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const bytes = parseIpAddress(address)
  if (bytes === undefined || rest.length > 0) return undefined
  const bits = bytes.length * 8
  if (prefix === undefined) return { bytes, prefix: bits }
  const isPrefix = /^(?:0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= bits
  return isPrefix ? { bytes, prefix: Number(prefix) } : undefined
}

/** Returns whether a network contains an address of 4 or 16 bytes. */
export function containsAddress({ bytes, prefix }: IpNetwork, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false
  const whole = prefix >> 3
  for (let at = 0; at < whole; at += 1) if (bytes[at] !== address[at]) return false
  const rest = prefix & 7
  return rest === 0 || ((bytes[whole] ?? 0) ^ (address[whole] ?? 0)) >> (8 - rest) === 0
}

/** Returns whether every address in a network is also in another network. */
export function isWithin(inner: IpNetwork, outer: IpNetwork): boolean {
  return inner.prefix >= outer.prefix && containsAddress(outer, inner.bytes)
}

/**
 * Returns the network in CIDR notation that was probably meant, such as `10.0.0.0/8` for `10.1.2.3/8`. Returns undefined for a
 * network whose address has no bits set beyond the prefix.
 */
export function intendedNetwork({ bytes, prefix }: IpNetwork): string | undefined {
  const first = bytes.map(
    (byte, at) => byte & (0xff << Math.max(0, Math.min(8, 8 - (prefix - at * 8)))),
  )
  const hasHostBits = first.some((byte, at) => byte !== bytes[at])
  return hasHostBits ? `${formatIpAddress(first)}/${prefix}` : undefined
}
