/**
 * Limits failed authentication attempts from each source address. After too many failures, a source address may use only access
 * keys that it has used successfully before. Existing clients that share the source address can therefore still authenticate. All
 * other requests from the address are rejected before any lookup or computation.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { networkOf } from '../text/ip-address.ts'

export interface FailureLimiter {
  /** Returns whether authentication is attempted for a request with this access key. */
  isAllowed(source: string | undefined, accessKeyId: string): boolean
  /** Counts a failed authentication attempt. Returns false if the source address has exceeded its limit. */
  recordFailure(source: string | undefined): boolean
  /** Records that the access key was used successfully from the source address. */
  recordSuccess(source: string | undefined, accessKeyId: string): void
}

interface Source {
  tokens: number
  at: number
  /** Access keys that were used successfully, with the most recent last. */
  readonly known: Set<string>
}

const sourcesMax = 100_000
const knownMax = 64
const minuteMilliseconds = 60_000

/**
 * Creates a failure limiter with token buckets, which allow each source address `perMinute` failures per minute. A
 * value of 0 disables the limit.
 */
export function createFailureLimiter(perMinute: number, clock: Clock): FailureLimiter {
  const sources = createBoundedCache<Source>(sourcesMax)
  const sourceAt = (address: string): Source => {
    const name = networkOf(address)
    const known = sources.get(name)
    if (known !== undefined) return known
    const source = { tokens: perMinute, at: clock.now().getTime(), known: new Set<string>() }
    sources.set(name, source)
    return source
  }
  const refill = (source: Source): void => {
    const now = clock.now().getTime()
    // If the clock has been set back, tokens are neither added nor removed.
    const elapsed = Math.max(0, now - source.at)
    source.tokens = Math.min(perMinute, source.tokens + (elapsed * perMinute) / minuteMilliseconds)
    source.at = now
  }
  return {
    isAllowed(address, accessKeyId) {
      if (perMinute === 0 || address === undefined) return true
      const source = sourceAt(address)
      if (source.tokens >= 1 || source.known.has(accessKeyId)) return true
      refill(source)
      return source.tokens >= 1
    },
    recordFailure(address) {
      if (perMinute === 0 || address === undefined) return true
      const source = sourceAt(address)
      refill(source)
      if (source.tokens < 1) return false
      source.tokens -= 1
      return true
    },
    recordSuccess(address, accessKeyId) {
      if (perMinute === 0 || address === undefined) return
      const { known } = sourceAt(address)
      if (known.has(accessKeyId)) return
      known.add(accessKeyId)
      const [oldest] = known
      if (known.size > knownMax && oldest !== undefined) known.delete(oldest)
    },
  }
}
