import type { Clock } from '../clock.ts'
import type { AccessKey, FindAccessKey } from './access-key.ts'
import { createBoundedCache } from '../bounded-cache.ts'

const lifeMilliseconds = 1000
const entriesMaxDefault = 10_000

interface Entry {
  readonly found: Promise<AccessKey | undefined>
  readonly askedAt: number
}

/**
 * Remembers what `find` answers, also that there is no such key, for at most one second from when it was asked: that
 * is how long a key still works on this node after it was deactivated. Requests that ask at the same time share
 * one search; a search that fails is not remembered.
 */
export function createAccessKeyCache(
  find: FindAccessKey,
  {
    clock,
    entriesMax = entriesMaxDefault,
  }: { readonly clock: Clock; readonly entriesMax?: number },
): FindAccessKey {
  const entries = createBoundedCache<Entry>(entriesMax)
  return (accessKeyId) => {
    const now = clock.now().getTime()
    const known = entries.get(accessKeyId)
    if (known !== undefined && isFresh(known, now)) return known.found
    const entry: Entry = { found: find(accessKeyId), askedAt: now }
    entries.set(accessKeyId, entry)
    entry.found.catch(() => {
      if (entries.get(accessKeyId) === entry) entries.delete(accessKeyId)
    })
    return entry.found
  }
}

/** An entry from the future, after the clock was set back, is not fresh: it could live for long. */
function isFresh({ askedAt }: Entry, now: number): boolean {
  return askedAt <= now && now - askedAt < lifeMilliseconds
}
