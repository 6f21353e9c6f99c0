/**
 * A KeyStore that keeps keys in encrypted records. Each private key is sealed under its own data key, and each data key is
 * sealed under the master key.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { createLoadingCache } from '../bounded-cache.ts'
import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { Random } from '../random.ts'
import { generateKey } from './generate-key.ts'
import type { KeyRecord, KeyRecords } from './key-records.ts'
import {
  KeyNotFoundError,
  KeyUnavailableError,
  type KeyHandle,
  type KeyStore,
} from './key-store.ts'
import { signMessage, type LongSignatures } from './sign-message.ts'
import { createSealer, SealError, type Sealer, type SealerRing } from '../sealer.ts'

const scheme = 'local:'
const dataKeyBytes = 32
/** Maximum number of decrypted private keys that are kept in memory. */
const openKeysMax = 1000

export interface LocalKeyStoreOptions {
  readonly records: KeyRecords
  /** Sealers for data keys. */
  readonly sealers: SealerRing
  readonly random: Random
  /** Thread on which slow signatures are created. The default is the thread pool. */
  readonly longSignatures?: LongSignatures
}

/** Creates a key store that keeps its keys in `records`. Private keys exist in plaintext only in memory. */
export function createLocalKeyStore({
  records,
  sealers,
  random,
  longSignatures,
}: LocalKeyStoreOptions): KeyStore {
  const openKeys = createLoadingCache({
    entriesMax: openKeysMax,
    load: (name) => readKey({ records, sealers, random }, name),
  })

  return {
    async create(name, algorithm) {
      const existing = await records.find(name)
      const record = existing ?? (await insert(name, algorithm))
      if (record.algorithm !== algorithm)
        throw new TypeError(`local key ${name} exists with the algorithm ${record.algorithm}`)
      return { handle: `${scheme}${name}`, subjectPublicKeyInfo: record.subjectPublicKeyInfo }
    },
    async sign(handle, algorithm, message) {
      const key = await openKeys.get(nameOf(handle))
      return signMessage(key, algorithm, { message, longSignatures })
    },
    async destroy(handle) {
      const name = nameOf(handle)
      try {
        await records.erase(name)
      } finally {
        openKeys.delete(name)
      }
    },
  }

  async function insert(name: string, algorithm: KeyAlgorithm): Promise<KeyRecord> {
    const record = await records.insertIfAbsent(await makeRecord(name, algorithm))
    if (record !== undefined) return record
    // Since this process read the master key, a rotation has replaced it.
    await sealers.refresh()
    const repeated = await records.insertIfAbsent(await makeRecord(name, algorithm))
    if (repeated !== undefined) return repeated
    throw new KeyUnavailableError(
      `local key ${name} cannot be stored: the master key of this process was replaced`,
    )
  }

  async function makeRecord(name: string, algorithm: KeyAlgorithm): Promise<KeyRecord> {
    const { subjectPublicKeyInfo, privateKey } = await generateKey(algorithm)
    const dataKey = random.bytes(dataKeyBytes)
    try {
      const { masterKeyId, sealer } = sealers.current()
      const dataKeySealed = sealer.seal(name, dataKey)
      const privateKeySealed = createSealer(dataKey, random).seal(name, privateKey)
      const sealed = { masterKeyId, dataKeySealed, privateKeySealed }
      return { name, algorithm, subjectPublicKeyInfo, ...sealed }
    } finally {
      privateKey.fill(0)
      dataKey.fill(0)
    }
  }
}

function nameOf(handle: KeyHandle): string {
  if (!handle.startsWith(scheme)) throw new KeyNotFoundError(`${handle} is not a local key`)
  return handle.slice(scheme.length)
}

async function readKey(
  { records, sealers, random }: LocalKeyStoreOptions,
  name: string,
): Promise<KeyObject> {
  const record = await records.find(name)
  if (record === undefined) throw new KeyNotFoundError(`local key ${name} does not exist`)
  return openKeyRecord(record, { sealers, random })
}

/**
 * Decrypts the private key in a record. Throws KeyUnavailableError if the decryption fails or the key pair does not match the
 * stored public key.
 */
export async function openKeyRecord(
  record: KeyRecord,
  { sealers, random }: Pick<LocalKeyStoreOptions, 'sealers' | 'random'>,
): Promise<KeyObject> {
  try {
    const sealer = await sealers.find(record.masterKeyId)
    return requirePair(importKey(record, { sealer, random }), record)
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause
    throw new KeyUnavailableError(
      `local key ${record.name} cannot be decrypted with the master key`,
      { cause },
    )
  }
}

function importKey(
  { name, dataKeySealed, privateKeySealed }: KeyRecord,
  { sealer, random }: { readonly sealer: Sealer; readonly random: Random },
): KeyObject {
  const dataKey = sealer.open(name, dataKeySealed)
  let privateKey: Uint8Array | undefined
  try {
    privateKey = createSealer(dataKey, random).open(name, privateKeySealed)
    return createPrivateKey({
      key: Buffer.from(privateKey.buffer, privateKey.byteOffset, privateKey.byteLength),
      format: 'der',
      type: 'pkcs8',
    })
  } finally {
    dataKey.fill(0)
    privateKey?.fill(0)
  }
}

/**
 * Throws KeyUnavailableError if the public key, which the database stores unencrypted, was altered. The check takes place before
 * the private key is used.
 */
function requirePair(key: KeyObject, { name, subjectPublicKeyInfo }: KeyRecord): KeyObject {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
  if (!publicKey.equals(subjectPublicKeyInfo))
    throw new KeyUnavailableError(`local key ${name} does not match its stored public key`)
  return key
}
