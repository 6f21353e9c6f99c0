/** Limits the rate of events from each source address, such as new ACME accounts. */
import type { Clock } from '../clock.ts'
import { networkOf } from '../text/ip-address.ts'
import { createTokenBuckets } from './token-buckets.ts'

export interface AddressLimiter {
  /**
   * Counts an event from an address. Returns undefined if the event is allowed; otherwise, returns the number of seconds until
   * another event from the address is allowed.
   */
  count(address: string | undefined): number | undefined | Promise<number | undefined>
}

/** A limiter of this process. */
export interface LocalAddressLimiter extends AddressLimiter {
  count(address: string | undefined): number | undefined
}

/** Creates a limiter that allows `perHour` events per hour from each IPv4 address and from each IPv6 network of 64 bits. */
export function createAddressLimiter(perHour: number, clock: Clock): LocalAddressLimiter {
  const buckets = createTokenBuckets(clock)
  const limit = { size: perHour, perSecond: perHour / 3600 }
  return {
    count(address) {
      if (address === undefined) return undefined
      const wait = buckets.take(networkOf(address), limit)
      return wait === 0 ? undefined : Math.ceil(wait / 1000)
    },
  }
}
