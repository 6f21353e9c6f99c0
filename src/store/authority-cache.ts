import type { Authority } from '../authority/authority.ts'
import { createBoundedCache, type BoundedCache } from '../bounded-cache.ts'
import type { Database } from './database.ts'

const authoritiesMax = 1000

const caches = new WeakMap<Database, BoundedCache<Authority>>()

/**
 * CAs that were read before, by id. One of the revision that is in the database is as good as the row itself, and
 * saves reading it: a revision never changes.
 */
export function authorityCache(db: Database): {
  find(id: string, revision: number): Authority | undefined
  keep(authority: Authority): void
} {
  const cache = caches.get(db) ?? createBoundedCache<Authority>(authoritiesMax)
  caches.set(db, cache)
  return {
    find(id, revision) {
      const known = cache.get(id)
      return known?.revision === revision ? known : undefined
    },
    keep: (authority) => cache.set(authority.id, authority),
  }
}
