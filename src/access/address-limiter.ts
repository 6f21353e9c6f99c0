/** Limits on events for each source address, such as new ACME accounts. */
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { networkOf } from '../text/ip-address.ts'

export interface AddressLimiter {
  /**
   * Counts an event of an address. Returns undefined if the event is allowed; otherwise, the number of seconds until the next
   * event of the address is allowed.
   */
  count(address: string | undefined): number | undefined | Promise<number | undefined>
}

/** Tokens of an address, which are refilled continuously. */
interface Bucket {
  tokens: number
  at: number
}

const addressesMax = 100_000
const hourMilliseconds = 3_600_000

/** A limiter of this process. */
export interface LocalAddressLimiter extends AddressLimiter {
  count(address: string | undefined): number | undefined
}

/** Creates a limiter that allows `perHour` events an hour to each IPv4 address, and to each IPv6 network of 64 bits. */
export function createAddressLimiter(perHour: number, clock: Clock): LocalAddressLimiter {
  const buckets = createBoundedCache<Bucket>(addressesMax)
  return {
    count(address) {
      if (address === undefined) return undefined
      const network = networkOf(address)
      const now = clock.now().getTime()
      const { tokens, at } = buckets.get(network) ?? { tokens: perHour, at: now }
      // If the clock has been set back, tokens are neither added nor removed.
      const refilled = (Math.max(0, now - at) * perHour) / hourMilliseconds
      const available = Math.min(perHour, tokens + refilled)
      const isAllowed = available >= 1
      buckets.set(network, { tokens: isAllowed ? available - 1 : available, at: now })
      return isAllowed
        ? undefined
        : Math.ceil(((1 - available) * hourMilliseconds) / perHour / 1000)
    },
  }
}
