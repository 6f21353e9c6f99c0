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
