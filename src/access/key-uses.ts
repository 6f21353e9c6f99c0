import type { KeyUse } from '../store/access-keys.ts'

/** Collects the times at which access keys were last used. These times are kept in memory and stored periodically. */
export interface KeyUses {
  note(accessKeyId: string, use: KeyUse): void
  /** Returns the uses recorded since the previous call. */
  take(): ReadonlyMap<string, KeyUse>
}

/**
 * Creates an empty collection. The number of existing access keys limits the size of the collection, because no other access
 * keys are recorded.
 */
export function createKeyUses(): KeyUses {
  let latest = new Map<string, KeyUse>()
  return {
    note(accessKeyId, use) {
      latest.set(accessKeyId, use)
    },
    take() {
      const uses = latest
      latest = new Map()
      return uses
    },
  }
}
