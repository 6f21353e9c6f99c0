import type { Clock } from './clock.ts'

/** Values within a bound; those that were not used for longest make room. */
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
 * An empty cache of at most `weightMax`, 2 or more. Every value weighs 1 unless `weigh` says otherwise; with weights the bound
 * may be exceeded by one value in each half.
 *
 * Two generations: what is used moves to the young one, and when that has half of all weight it becomes the old one,
 * whose entries are forgotten. A hit among the young, the usual case, then changes nothing.
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
  ...bound: Parameters<typeof createBoundedCache<Value>>
): (owner: WeakKey) => BoundedCache<Value> {
  const caches = new WeakMap<WeakKey, BoundedCache<Value>>()
  return (owner) => {
    const cache = caches.get(owner) ?? createBoundedCache<Value>(...bound)
    caches.set(owner, cache)
    return cache
  }
}
