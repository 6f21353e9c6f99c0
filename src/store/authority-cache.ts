import type { Authority } from '../authority/authority.ts'
import { createOwnedCaches } from '../bounded-cache.ts'
import type { Database } from './database.ts'

const authoritiesMax = 1000

const cacheOf = createOwnedCaches<Authority>(authoritiesMax)

/**
 * CAs that were read before, by id. One of the revision that is in the database is as good as the row itself, and
 * saves reading it: a revision never changes.
 */
export function authorityCache(db: Database): {
  find(id: string, revision: number): Authority | undefined
  keep(authority: Authority): void
} {
  const cache = cacheOf(db)
  return {
    find(id, revision) {
      const known = cache.get(id)
      return known?.revision === revision ? known : undefined
    },
    keep: (authority) => cache.set(authority.id, authority),
  }
}
