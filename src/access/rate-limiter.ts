import type { Clock } from '../clock.ts'
import type { Rates } from './rates.ts'
import { createTokenBuckets } from './token-buckets.ts'

/** Limits the request rate per account, Region and operation. */
export interface RateLimiter {
  allows(call: RatedCall): boolean | Promise<boolean>
  /** Replaces the request rates. Existing buckets keep their tokens. */
  use(rates: Rates): void
}

export interface RatedCall {
  readonly accountId: string
  readonly region: string
  readonly operation: string
}

/**
 * Creates a rate limiter with a token bucket for each account, Region and operation. A bucket holds the number of calls
 * allowed in one second (at least one) and refills at the same rate.
 */
export function createRateLimiter(initial: Rates, clock: Clock): RateLimiter {
  const buckets = createTokenBuckets(clock)
  let rates = initial
  return {
    allows({ accountId, region, operation }) {
      const perSecond = rates[operation]
      if (perSecond === undefined) return true
      const limit = { size: Math.max(1, perSecond), perSecond }
      return buckets.take(`${operation} ${accountId} ${region}`, limit) === 0
    },
    use(next) {
      rates = next
    },
  }
}
