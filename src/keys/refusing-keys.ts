import type { Database } from '../store/database.ts'
import type { KeyStore } from './key-store.ts'

/** Keys that sign nothing on top of a database that is damaged or has lost writes. Throws what the database says. */
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
