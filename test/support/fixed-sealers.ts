import type { Sealer, SealerRing } from '../../src/sealer.ts'

/** A key ring with one sealer, which opens everything. */
export function fixedSealers(sealer: Sealer, masterKeyId = 'test'): SealerRing {
  return {
    current: () => ({ masterKeyId, sealer }),
    find: () => Promise.resolve(sealer),
    refresh: () => Promise.resolve(),
  }
}
