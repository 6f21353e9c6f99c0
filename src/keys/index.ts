/**
 * The table of key stores. The scheme of a handle selects the store of an existing key; a constant selects the store of new
 * keys.
 */
import { createLocalKeyStore, type LocalKeyStoreOptions } from './local-key-store.ts'
import { KeyNotFoundError, type KeyHandle, type KeyStore } from './key-store.ts'

/** Dependencies of the key stores. */
type KeyStoreServices = LocalKeyStoreOptions

/** Key stores by the scheme of their handles. */
export const keyStores = {
  local: createLocalKeyStore,
} satisfies Record<string, (services: KeyStoreServices) => KeyStore>

type KeyStoreName = keyof typeof keyStores

/** The store in which new keys are created. With a second store this becomes a setting. */
const storeOfNewKeys: KeyStoreName = 'local'

/** Creates a KeyStore that passes each call to the key store of the handle. */
export function createKeyStore(services: KeyStoreServices): KeyStore {
  const stores = Object.fromEntries(
    Object.entries(keyStores).map(([scheme, create]) => [scheme, create(services)]),
  ) as Record<KeyStoreName, KeyStore>
  const storeOf = (handle: KeyHandle): KeyStore => {
    const scheme = handle.slice(0, Math.max(0, handle.indexOf(':')))
    if (Object.hasOwn(stores, scheme)) return stores[scheme as KeyStoreName]
    throw new KeyNotFoundError(`no key store has the scheme of the handle ${handle}`)
  }
  return {
    create: (name, algorithm) => stores[storeOfNewKeys].create(name, algorithm),
    sign: async (handle, algorithm, message) => storeOf(handle).sign(handle, algorithm, message),
    destroy: async (handle) => storeOf(handle).destroy(handle),
  }
}
