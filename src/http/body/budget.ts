/**
 * Memory that one process may use for request bodies. Anyone can open thousands of connections and send almost a whole body
 * on each, so the total is bounded. When the budget is used up, the oldest incomplete bodies are evicted. A client that sends
 * at a normal speed is hardly ever among them.
 */

import { budgetBytesDefault } from './limits.ts'

/** The share of one request. */
export interface BodyLease {
  /**
   * Takes more bytes, and evicts older incomplete bodies if necessary. Returns false, and takes nothing, if there is no room
   * even then.
   */
  grow(bytes: number): boolean
  /** Marks the body as complete: it is no longer evicted. */
  complete(): void
  /** Returns all bytes to the budget. Further calls do nothing. */
  release(): void
}

export interface BodyBudget {
  /** Opens a lease of zero bytes. `evict` is called at most once, after its bytes were returned. */
  open(evict: () => void): BodyLease
  /** Bytes in all leases. */
  readonly held: number
}

export function createBodyBudget(bytesMax: number = budgetBytesDefault): BodyBudget {
  /** In the order in which they were opened. */
  const incomplete = new Set<Lease>()
  let held = 0

  class Lease implements BodyLease {
    #bytes = 0
    readonly #evict: () => void

    constructor(evict: () => void) {
      this.#evict = evict
      incomplete.add(this)
    }

    grow(bytes: number): boolean {
      for (const oldest of incomplete) {
        if (held + bytes <= bytesMax || oldest === this) break
        oldest.release()
        oldest.#evict()
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
