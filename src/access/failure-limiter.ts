/**
 * Authentications that fail, by where they come from. A source with too many is heard only with the access keys that it
 * has used successfully, so that others behind the same address go on; nothing is looked up or computed for the rest.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { networkOf } from '../text/ip-address.ts'

export interface FailureLimiter {
  /** Whether a request with that access key is worth looking at. */
  isAllowed(source: string | undefined, accessKeyId: string): boolean
  /** Counts a failure: false if the source had too many already. */
  recordFailure(source: string | undefined): boolean
  /** Remembers whose key comes from there. */
  recordSuccess(source: string | undefined, accessKeyId: string): void
}

interface Source {
  tokens: number
  at: number
  /** Access keys that were used successfully, latest last. */
  readonly known: Set<string>
}

const sourcesMax = 100_000
const knownMax = 64
const minuteMilliseconds = 60_000

/** Lets each source fail `perMinute` times a minute, all at once or one by one; 0 is no limit. */
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
    // A clock that has been set back gives nothing, and takes nothing away.
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
