/**
 * Memory that request bodies may hold, in one process. Anyone can open thousands of connections and send almost all of a
 * body on each, so the bytes of all bodies together are bounded. When the budget is used up, the bodies that have been
 * incomplete for longest make room: a client that sends at a normal speed is hardly ever among them.
 */

/** The share of one request. */
export interface BodyLease {
  /**
   * Takes so many bytes more, and evicts older incomplete bodies if it has to. False if there is no room even then: nothing
   * was taken.
   */
  grow(bytes: number): boolean
  /** The body is complete, and will not be evicted any more. */
  complete(): void
  /** Gives everything back. Further calls do nothing. */
  release(): void
}

export interface BodyBudget {
  /** A lease of no bytes. `evict` is called at most once, after its bytes were given back. */
  open(evict: () => void): BodyLease
  /** Bytes in all leases. */
  readonly held: number
}

/** 128 MiB. */
const bodyBudgetBytesDefault = 128 * 1024 * 1024

export function createBodyBudget(bytesMax: number = bodyBudgetBytesDefault): BodyBudget {
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
