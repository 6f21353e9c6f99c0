import type { KeyUse } from '../store/access-keys.ts'

/** When access keys were used last: noted in memory, written down now and then. */
export interface KeyUses {
  note(accessKeyId: string, use: KeyUse): void
  /** What was noted since it was taken last. */
  take(): ReadonlyMap<string, KeyUse>
}

/** Nothing noted yet. There are only as many entries as keys that were used, which were found in the store. */
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
