import type { Sealer, SealerRing } from '../../src/sealer.ts'

/** A key ring with a single sealer, which decrypts everything. */
export function fixedSealers(sealer: Sealer, masterKeyId = 'test'): SealerRing {
  return {
    current: () => ({ masterKeyId, sealer }),
    find: () => Promise.resolve(sealer),
    refresh: () => Promise.resolve(),
  }
}
