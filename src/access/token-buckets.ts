/** Token buckets that limit the rate of an event for each name, such as an address or an account. */
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'

export interface TokenBuckets {
  /**
   * Takes a token from the bucket with the given name. Returns 0 if a token was taken; otherwise, returns the number of
   * milliseconds until the bucket has a complete token.
   */
  take(name: string, limit: BucketLimit): number
}

interface BucketLimit {
  /** Number of tokens in a full bucket, at least 1. */
  readonly size: number
  readonly perSecond: number
}

/** Number of tokens in the bucket at the time `at`. */
interface Bucket {
  tokens: number
  at: number
}

const bucketsMax = 100_000

/** Creates a set of token buckets, each of which starts full. The least recently used buckets are dropped. */
export function createTokenBuckets(clock: Clock): TokenBuckets {
  const buckets = createBoundedCache<Bucket>(bucketsMax)
  return {
    take(name, { size, perSecond }) {
      const now = clock.now().getTime()
      const bucket = buckets.get(name) ?? { tokens: size, at: now }
      // If the clock has been set back, tokens are neither added nor removed.
      const refilled = (Math.max(0, now - bucket.at) * perSecond) / 1000
      bucket.tokens = Math.min(size, bucket.tokens + refilled)
      bucket.at = now
      buckets.set(name, bucket)
      if (bucket.tokens < 1) return ((1 - bucket.tokens) * 1000) / perSecond
      bucket.tokens -= 1
      return 0
    },
  }
}
