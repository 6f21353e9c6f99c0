/** Decides which addresses validation may connect to. */
import { formatIpAddress, mappedPrefix, parseIpAddress } from '../text/ip-address.ts'
import { containsAddress, isWithin, parseIpNetwork, type IpNetwork } from '../text/ip-network.ts'
import { internalRangeOf } from '../text/internal-address.ts'

export interface AddressRules {
  /** Networks in CIDR notation and addresses that are permitted in addition to private networks. */
  readonly networks: readonly string[]
  /** Returns whether this server listens on an address and port. */
  readonly isOwnAddress: (address: string, port: number) => boolean
}

/** The permitted address in canonical form, or a clause that states why the address is not permitted. */
type AddressDecision = { readonly permitted: string } | { readonly fault: string }

export type AddressPolicy = (address: string, port: number) => AddressDecision

/** Private networks (RFC 1918, RFC 4193). */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(network)

/**
 * Creates the policy for addresses. Private networks and the listed networks are permitted. Internal addresses (loopback,
 * link-local, metadata services, multicast and others) are permitted only if a listed network lies entirely within their range.
 * `0.0.0.0/0` therefore does not permit loopback. Connections to this server's own listeners are never permitted. Throws
 * RangeError for text that is not a network.
 */
export function createAddressPolicy({ networks, isOwnAddress }: AddressRules): AddressPolicy {
  const listed = networks.map(network)
  return (text, port) => {
    const parsed = parseIpAddress(text)
    if (parsed === undefined) return { fault: `${text} is not an address` }
    const bytes = withoutMapping(parsed)
    const address = formatIpAddress(bytes)
    const fault =
      networkFault(bytes, listed) ??
      (isOwnAddress(address, port) ? `port ${port} belongs to this CA server` : undefined)
    return fault === undefined ? { permitted: address } : { fault: `${address}: ${fault}` }
  }
}

function networkFault(bytes: Uint8Array, listed: readonly IpNetwork[]): string | undefined {
  const containing = listed.filter((each) => containsAddress(each, bytes))
  const internal = internalRangeOf(bytes)
  if (internal !== undefined)
    return containing.some((each) => isWithin(each, internal.network))
      ? undefined
      : `the address is not permitted (${internal.reason}); to permit it, list a network inside ${internal.text} in --acme-networks`
  if (containing.length > 0) return undefined
  return privateNetworks.some((each) => containsAddress(each, bytes))
    ? undefined
    : 'the address is not in a private network; --acme-networks must list its network'
}

/** Converts an IPv4-mapped IPv6 address to the IPv4 address to which the system would connect. */
function withoutMapping(bytes: Uint8Array): Uint8Array {
  const isMapped = bytes.length === 16 && mappedPrefix.every((byte, at) => bytes[at] === byte)
  return isMapped ? bytes.subarray(12) : bytes
}

function network(text: string): IpNetwork {
  const parsed = parseIpNetwork(text)
  if (parsed === undefined) throw new RangeError(`${text} is not a network such as 10.0.0.0/8`)
  return parsed
}
