/**
 * The table of all key stores that can be configured. The settings --ca-keys and --key-storage-standards select the store for
 * new keys. The URI scheme of a handle identifies the store of an existing key.
 */
import type { KeyStorageSecurityStandard } from '../../authority/key-storage.ts'
import { createKmsKeyStore } from '../kms/kms-key-store.ts'
import type { KmsOptions } from '../kms/kms-client.ts'
import { createLocalKeyStore, type LocalKeyStoreOptions } from '../local-key-store.ts'
import { createPkcs11KeyStore, type Pkcs11KeyStoreOptions } from '../pkcs11/pkcs11-key-store.ts'
import {
  KeyNotFoundError,
  KeyUnavailableError,
  type KeyHandle,
  type KeyStore,
  type OpenKeyStore,
} from '../key-store.ts'

/** Options for all key stores. A store's options are undefined if it is not configured. */
export interface KeyStoreOptions {
  readonly local: LocalKeyStoreOptions
  readonly pkcs11?: Pkcs11KeyStoreOptions | undefined
  readonly kms?: KmsOptions | undefined
}

/**
 * Functions that open the key stores, by the scheme of the store's handles. The scheme of the handles is also the store's name in
 * settings. A function returns undefined if its store is not configured.
 */
export const keyStores = {
  local: ({ local }) => createLocalKeyStore(local),
  pkcs11: ({ pkcs11 }) => pkcs11 && createPkcs11KeyStore(pkcs11),
  kms: ({ kms }) => (kms === undefined ? undefined : createKmsKeyStore(kms)),
} satisfies Record<string, (options: KeyStoreOptions) => OpenKeyStore | undefined>

/** Name of a key store, which is used in settings and as the scheme of the store's handles. */
export type KeyStoreName = keyof typeof keyStores

/** Names of all key stores. */
const keyStoreNames = Object.keys(keyStores) as readonly KeyStoreName[]

/** The key store for new CAs that require a key storage security standard. */
export interface StandardStore {
  readonly standard: KeyStorageSecurityStandard
  readonly store: KeyStoreName
}

/** The key stores in which the keys of new CAs are created. */
export interface NewKeyStores {
  /** Key store for all new keys if `standards` is undefined. */
  readonly newKeys: KeyStoreName
  /** The key store for each standard. Keys for CAs with any other standard cannot be created. */
  readonly standards: readonly StandardStore[] | undefined
}

/** Returns the names of all key stores in which keys may be created. */
export function storesOfNewKeys({ newKeys, standards }: NewKeyStores): ReadonlySet<KeyStoreName> {
  return new Set(standards?.map(({ store }) => store) ?? [newKeys])
}

/**
 * Opens the configured key stores as a single key store, which passes each call to the store that the handle belongs to. Throws
 * TypeError if a store for new keys is not configured.
 */
export function createKeyStore(options: KeyStoreOptions, newStores: NewKeyStores): OpenKeyStore {
  const stores = new Map<string, OpenKeyStore>()
  for (const name of keyStoreNames) {
    const store = keyStores[name](options)
    if (store !== undefined) stores.set(name, store)
  }
  for (const name of storesOfNewKeys(newStores))
    if (!stores.has(name)) throw new TypeError(`the key store ${name} is not configured`)
  const storeOfNewKey = (standard: KeyStorageSecurityStandard | undefined): KeyStore => {
    const { newKeys, standards } = newStores
    const name =
      standards === undefined
        ? newKeys
        : standards.find((each) => each.standard === standard)?.store
    const store = name && stores.get(name)
    if (store) return store
    throw new KeyUnavailableError(
      `no key store is configured for the standard ${standard}; add it to --key-storage-standards`,
    )
  }
  const storeOf = (handle: KeyHandle): KeyStore => {
    const scheme = handle.slice(0, Math.max(0, handle.indexOf(':')))
    const store = stores.get(scheme)
    if (store !== undefined) return store
    if (Object.hasOwn(keyStores, scheme))
      throw new KeyUnavailableError(
        `the key ${handle} is in a key store that is not configured; add the settings of ${scheme} keys`,
      )
    throw new KeyNotFoundError(`no key store has the scheme of the handle ${handle}`)
  }
  return {
    create: async (name, algorithm, standard) => storeOfNewKey(standard).create(name, algorithm),
    sign: async (handle, algorithm, message) => storeOf(handle).sign(handle, algorithm, message),
    destroy: async (handle) => storeOf(handle).destroy(handle),
    async close() {
      for (const store of stores.values()) await store.close?.()
    },
  }
}
