import type { Database } from '../store/database.ts'
import type { KeyStore } from '../keys/key-store.ts'

/** Returns a KeyStore that throws the database's error if the database is damaged or has lost writes. */
export function refusingKeys(keys: KeyStore, db: Pick<Database, 'damage'>): KeyStore {
  const requireIntact = (): void => {
    const damage = db.damage?.()
    if (damage !== undefined) throw damage
  }
  return {
    async create(...key) {
      requireIntact()
      return keys.create(...key)
    },
    async sign(handle, algorithm, message) {
      requireIntact()
      return keys.sign(handle, algorithm, message)
    },
    destroy: (handle) => keys.destroy(handle),
  }
}
