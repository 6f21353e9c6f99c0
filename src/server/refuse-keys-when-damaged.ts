import type { Database } from '../store/database.ts'
import type { KeyStore } from '../keys/key-store.ts'

/** A KeyStore that refuses to sign while the database is damaged or has lost writes. Throws the error of the database. */
export function refusingKeys(keys: KeyStore, db: Pick<Database, 'damage'>): KeyStore {
  const requireWhole = (): void => {
    const damage = db.damage?.()
    if (damage !== undefined) throw damage
  }
  return {
    async create(name, algorithm) {
      requireWhole()
      return keys.create(name, algorithm)
    },
    async sign(handle, algorithm, message) {
      requireWhole()
      return keys.sign(handle, algorithm, message)
    },
    destroy: (handle) => keys.destroy(handle),
  }
}
