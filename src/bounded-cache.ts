import type { Clock } from './clock.ts'

/** A cache of limited size that evicts the least recently used values. */
export interface BoundedCache<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

interface Entry<Value> {
  readonly value: Value
  readonly weight: number
}

/**
 * Creates an empty cache with a total weight of at most `weightMax`, which must be at least 2. Without `weigh`, every value has
 * the weight 1. With `weigh`, each half of the cache may exceed its limit by one value.
 *
 * Entries are divided into two generations. When an entry is used, it moves to the young generation. When the young generation
 * reaches half of the total weight, it replaces the old generation, and the old entries are dropped. A hit in the young
 * generation, the usual case, changes nothing.
 */
export function createBoundedCache<Value>(
  weightMax: number,
  weigh: (key: string, value: Value) => number = () => 1,
): BoundedCache<Value> {
  let young = new Map<string, Entry<Value>>()
  let old = new Map<string, Entry<Value>>()
  let weight = 0
  const keep = (key: string, entry: Entry<Value>): void => {
    const replaced = young.get(key)
    if (replaced === undefined && weight >= weightMax / 2) {
      old = young
      young = new Map()
      weight = 0
    }
    young.set(key, entry)
    weight += entry.weight - (replaced?.weight ?? 0)
  }
  return {
    get(key) {
      const entry = young.get(key)
      if (entry !== undefined) return entry.value
      const aged = old.get(key)
      if (aged !== undefined) keep(key, aged)
      return aged?.value
    },
    set: (key, value) => keep(key, { value, weight: weigh(key, value) }),
    delete(key) {
      weight -= young.get(key)?.weight ?? 0
      young.delete(key)
      old.delete(key)
    },
  }
}

/** A cache that loads missing values on demand. */
export interface LoadingCache<Value> {
  /** Returns the cached value, or loads it. Concurrent callers for the same key share one `load`. A failed load is not cached. */
  get(key: string): Promise<Value>
  delete(key: string): void
}

interface LoadingCacheOptions<Value> {
  readonly entriesMax: number
  readonly load: (key: string) => Promise<Value>
  /**
   * Time for which a value remains valid, measured from the start of its load. Without a lifetime, cached values do not expire.
   */
  readonly lifetime?: { readonly milliseconds: number; readonly clock: Clock }
}

/** Creates an empty cache, which calls `load` for missing values. */
export function createLoadingCache<Value>({
  entriesMax,
  load,
  lifetime,
}: LoadingCacheOptions<Value>): LoadingCache<Value> {
  interface Load {
    readonly value: Promise<Value>
    readonly startedAt: number
  }
  const loads = createBoundedCache<Load>(entriesMax)
  const isFresh = ({ startedAt }: Load, now: number): boolean =>
    // If the clock was set back, a load's start time may be in the future, and the value would remain valid for too long.
    lifetime === undefined || (startedAt <= now && now - startedAt < lifetime.milliseconds)
  return {
    get(key) {
      const now = lifetime?.clock.now().getTime() ?? 0
      const known = loads.get(key)
      if (known !== undefined && isFresh(known, now)) return known.value
      const started: Load = { value: load(key), startedAt: now }
      loads.set(key, started)
      started.value.catch(() => {
        if (loads.get(key) === started) loads.delete(key)
      })
      return started.value
    },
    delete: (key) => loads.delete(key),
  }
}

/**
 * Returns a function that returns an owner's cache and creates it if necessary. The cache is garbage-collected with its owner.
 */
export function createOwnedCaches<Value>(
  ...bound: Parameters<typeof createBoundedCache<Value>>
): (owner: WeakKey) => BoundedCache<Value> {
  const caches = new WeakMap<WeakKey, BoundedCache<Value>>()
  return (owner) => {
    const cache = caches.get(owner) ?? createBoundedCache<Value>(...bound)
    caches.set(owner, cache)
    return cache
  }
}
