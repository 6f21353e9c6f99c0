import type { Rates } from './rates.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'

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

/** Number of tokens remaining at a point in time. */
interface Bucket {
  tokens: number
  at: number
}

const bucketsMax = 100_000

/**
 * Creates a rate limiter with a token bucket for each account, Region and operation. A bucket holds the number of calls
 * allowed in one second (at least one) and refills at the same rate. The least recently used buckets are dropped; a dropped
 * bucket starts full again.
 */
export function createRateLimiter(initial: Rates, clock: Clock): RateLimiter {
  const buckets = createBoundedCache<Bucket>(bucketsMax)
  let rates = initial
  return {
    allows({ accountId, region, operation }) {
      const rate = rates[operation]
      if (rate === undefined) return true
      const now = clock.now().getTime()
      const size = Math.max(1, rate)
      const name = `${operation} ${accountId} ${region}`
      const bucket = buckets.get(name) ?? { tokens: size, at: now }
      // If the clock has been set back, no tokens are removed.
      const elapsed = Math.max(0, now - bucket.at)
      bucket.tokens = Math.min(size, bucket.tokens + (elapsed * rate) / 1000)
      bucket.at = now
      buckets.set(name, bucket)
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
    use(next) {
      rates = next
    },
  }
}
