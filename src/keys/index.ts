/** The table of key stores, and the choice of one: by the scheme of a key's handle, or for a new key. */
import { createLocalKeyStore, type LocalKeyStoreOptions } from './local-key-store.ts'
import { KeyNotFoundError, type KeyHandle, type KeyStore } from './key-store.ts'

/** What key stores are made from. */
type KeyStoreServices = LocalKeyStoreOptions

/** Key stores by the scheme of their handles. */
export const keyStores = {
  local: createLocalKeyStore,
} satisfies Record<string, (services: KeyStoreServices) => KeyStore>

type KeyStoreName = keyof typeof keyStores

/** The store in which new keys are created. With a second store this becomes a setting. */
const storeOfNewKeys: KeyStoreName = 'local'

/** All key stores as one. */
export function createKeyStore(services: KeyStoreServices): KeyStore {
  const stores = Object.fromEntries(
    Object.entries(keyStores).map(([scheme, create]) => [scheme, create(services)]),
  ) as Record<KeyStoreName, KeyStore>
  const storeOf = (handle: KeyHandle): KeyStore => {
    const scheme = handle.slice(0, Math.max(0, handle.indexOf(':')))
    if (Object.hasOwn(stores, scheme)) return stores[scheme as KeyStoreName]
    throw new KeyNotFoundError(`there is no key store for ${handle}`)
  }
  return {
    create: (name, algorithm) => stores[storeOfNewKeys].create(name, algorithm),
    sign: async (handle, algorithm, message) => storeOf(handle).sign(handle, algorithm, message),
    destroy: async (handle) => storeOf(handle).destroy(handle),
  }
}
