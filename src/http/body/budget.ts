/**
 * A process's memory budget for request bodies. An unauthenticated client can open thousands of connections and send almost an
 * entire body on each of them. The total memory for bodies is therefore limited. When the budget is exhausted, the oldest
 * incomplete bodies are evicted. Bodies that arrive at a normal speed are hardly ever evicted.
 */

import { budgetBytesDefault } from './limits.ts'

/** The part of the memory budget that one request holds. */
export interface BodyLease {
  /**
   * Takes more bytes from the budget, and evicts older incomplete bodies if necessary. If eviction does not free enough bytes,
   * the function takes no bytes and returns false.
   */
  grow(bytes: number): boolean
  /** Marks the body as complete. Complete bodies are not evicted. */
  complete(): void
  /** Returns all bytes of the lease to the budget. Further calls have no effect. */
  release(): void
}

export interface BodyBudget {
  /**
   * Opens a lease of zero bytes. `evict` is called at most once, after the bytes of the lease have been returned to the budget.
   * Without `evict`, the lease is for a complete body.
   */
  open(evict?: () => void): BodyLease
  /** Total number of bytes that all leases hold. */
  readonly held: number
}

export function createBodyBudget(bytesMax: number = budgetBytesDefault): BodyBudget {
  /** Leases of incomplete bodies, oldest first. */
  const incomplete = new Set<Lease>()
  let held = 0

  class Lease implements BodyLease {
    #bytes = 0
    readonly #evict: (() => void) | undefined

    constructor(evict: (() => void) | undefined) {
      this.#evict = evict
      if (evict !== undefined) incomplete.add(this)
    }

    grow(bytes: number): boolean {
      for (const oldest of incomplete) {
        if (held + bytes <= bytesMax || oldest === this) break
        oldest.release()
        oldest.#evict?.()
      }
      if (held + bytes > bytesMax) return false
      this.#bytes += bytes
      held += bytes
      return true
    }

    complete(): void {
      incomplete.delete(this)
    }

    release(): void {
      incomplete.delete(this)
      held -= this.#bytes
      this.#bytes = 0
    }
  }

  return {
    open: (evict) => new Lease(evict),
    get held() {
      return held
    },
  }
}
