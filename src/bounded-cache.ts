import type { Clock } from './clock.ts'

/** At most `entriesMax` values; those that were not used for longest make room. */
export interface BoundedCache<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

interface Entry<Value> {
  readonly value: Value
}

/**
 * An empty cache. `entriesMax` is 2 or more.
 *
 * Two generations: what is used moves to the young one, and when that has half of all entries it becomes the old one,
 * whose entries are forgotten. A hit among the young, the usual case, then changes nothing.
 */
export function createBoundedCache<Value>(entriesMax: number): BoundedCache<Value> {
  let young = new Map<string, Entry<Value>>()
  let old = new Map<string, Entry<Value>>()
  const keep = (key: string, entry: Entry<Value>): void => {
    if (!young.has(key) && young.size >= entriesMax / 2) {
      old = young
      young = new Map()
    }
    young.set(key, entry)
  }
  return {
    get(key) {
      const entry = young.get(key)
      if (entry !== undefined) return entry.value
      const aged = old.get(key)
      if (aged !== undefined) keep(key, aged)
      return aged?.value
    },
    set: (key, value) => keep(key, { value }),
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
  }
}

/** A cache that fills itself. */
export interface LoadingCache<Value> {
  /** The value. Callers at the same time share one `load`; one that is rejected is not kept. */
  get(key: string): Promise<Value>
  delete(key: string): void
}

interface LoadingCacheOptions<Value> {
  readonly entriesMax: number
  readonly load: (key: string) => Promise<Value>
  /** For how long a value is used, from the start of its load; for ever unless given. */
  readonly lifetime?: { readonly milliseconds: number; readonly clock: Clock }
}

/** An empty cache of what `load` returns. */
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
    // A load from the future, after the clock was set back, could be used for long.
    lifetime === undefined || (startedAt <= now && now - startedAt < lifetime.milliseconds)
  return {
    get(key) {
      const now = lifetime?.clock.now().getTime() ?? 0
      const known = loads.get(key)
      if (known !== undefined && isFresh(known, now)) return known.value
      const begun: Load = { value: load(key), startedAt: now }
      loads.set(key, begun)
      begun.value.catch(() => {
        if (loads.get(key) === begun) loads.delete(key)
      })
      return begun.value
    },
    delete: (key) => loads.delete(key),
  }
}

/** A cache for each owner, which ends with it. */
export function createOwnedCaches<Value>(
  entriesMax: number,
): (owner: WeakKey) => BoundedCache<Value> {
  const caches = new WeakMap<WeakKey, BoundedCache<Value>>()
  return (owner) => {
    const cache = caches.get(owner) ?? createBoundedCache<Value>(entriesMax)
    caches.set(owner, cache)
    return cache
  }
}
