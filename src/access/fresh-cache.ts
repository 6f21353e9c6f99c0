import type { Clock } from '../clock.ts'
import { createBoundedCache } from '../bounded-cache.ts'

const lifeMilliseconds = 1000
const entriesMaxDefault = 10_000

/** Finds what has a name; undefined if there is nothing. */
export type Find<Value> = (name: string) => Promise<Value | undefined>

interface Entry<Value> {
  readonly found: Promise<Value | undefined>
  readonly askedAt: number
}

/**
 * Remembers what `find` answers, also that there is no such thing, for at most one second from when it was asked: that
 * is how long an access key still works on this node after it was deactivated, and a policy counts after it was changed.
 * Requests that ask at the same time share one search; a search that fails is not remembered.
 */
export function createFreshCache<Value>(
  find: Find<Value>,
  {
    clock,
    entriesMax = entriesMaxDefault,
  }: { readonly clock: Clock; readonly entriesMax?: number },
): Find<Value> {
  const entries = createBoundedCache<Entry<Value>>(entriesMax)
  return (name) => {
    const now = clock.now().getTime()
    const known = entries.get(name)
    if (known !== undefined && isFresh(known, now)) return known.found
    const entry: Entry<Value> = { found: find(name), askedAt: now }
    entries.set(name, entry)
    entry.found.catch(() => {
      if (entries.get(name) === entry) entries.delete(name)
    })
    return entry.found
  }
}

/** An entry from the future, after the clock was set back, is not fresh: it could live for long. */
function isFresh({ askedAt }: Entry<unknown>, now: number): boolean {
  return askedAt <= now && now - askedAt < lifeMilliseconds
}
