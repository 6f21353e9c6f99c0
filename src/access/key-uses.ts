import type { KeyUse } from '../store/access-keys.ts'

/** Records when access keys were last used. The times of use are kept in memory and stored periodically. */
export interface KeyUses {
  note(accessKeyId: string, use: KeyUse): void
  /** Returns the uses of access keys recorded since the previous call. */
  take(): ReadonlyMap<string, KeyUse>
}

/**
 * Creates an empty collection of access key uses. The collection's size is bounded by the number of existing access keys,
 * because unknown keys are not recorded.
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
