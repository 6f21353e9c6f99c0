/** A KeyStore that uses a PKCS #11 token. Private keys are created and used in the token and never leave it. */
import type { KeyAlgorithm } from '../../authority/algorithms.ts'
import { createBoundedCache } from '../../bounded-cache.ts'
import type { Random } from '../../random.ts'
import {
  KeyNotFoundError,
  UnsupportedKeyAlgorithmError,
  type KeyHandle,
  type OpenKeyStore,
} from '../key-store.ts'
import type { TokenKeyRecord, TokenKeyRecords } from '../token-key-records.ts'
import { keyStoreError, TokenFailure } from './failure.ts'
import { digestOf, kindOf } from './key-kinds.ts'
import { openTokenClient, type TokenClient, type TokenLimits } from './client.ts'
import type { TokenLocation } from './connection.ts'
import type { KeyName } from './module-values.ts'
import type { TokenCall, TokenResults } from './requests.ts'
import type { TokenKeyPair } from './token.ts'
import { encodeUri, parseUri } from './uri.ts'

const idBytes = 16
/** Maximum number of parsed handles that are kept in memory. Parsing a handle takes as long as signing with a fast token. */
const namesMax = 1000
/**
 * Length of a message, in bytes, above which it is hashed in the token thread. Hashing a large message, such as a CRL, must not
 * block the calling thread.
 */
const quickBytesMax = 65_536

export interface Pkcs11KeyStoreOptions {
  readonly location: TokenLocation
  readonly records: TokenKeyRecords
  readonly random: Random
  readonly limits?: Partial<TokenLimits>
}

/** Creates a key store that uses a PKCS #11 token. The first call opens a session with the token. */
export function createPkcs11KeyStore(options: Pkcs11KeyStoreOptions): OpenKeyStore {
  const { location, records, random, limits } = options
  const client = openTokenClient(location, limits)
  const names = createBoundedCache<KeyName>(namesMax)
  return {
    async create(name, algorithm) {
      const record = (await records.find(name)) ?? (await createRecorded(name, algorithm))
      if (record.algorithm !== algorithm)
        throw new TypeError(
          `the key ${name} exists in the token with the algorithm ${record.algorithm}`,
        )
      return { handle: record.handle, subjectPublicKeyInfo: record.subjectPublicKeyInfo }
    },
    async sign(handle, algorithm, message) {
      const name = nameOf(handle)
      const toSign =
        message.length > quickBytesMax
          ? { bytes: message, isDigest: false }
          : digestOf(algorithm, message)
      return call(client, { kind: 'sign', name, algorithm, toSign })
    },
    async destroy(handle) {
      const name = nameOf(handle)
      await call(client, { kind: 'destroy', name })
      await records.erase(name.label, handle)
    },
    close: () => client.close(),
  }

  /**
   * Creates and records a key pair. If an interrupted creation left a key pair in the token, the function records that key pair
   * instead. If another process has already recorded a key pair with the same name, the function returns the recorded key pair
   * and destroys the new one.
   */
  async function createRecorded(name: string, algorithm: KeyAlgorithm): Promise<TokenKeyRecord> {
    if (kindOf(algorithm) === undefined)
      throw new UnsupportedKeyAlgorithmError(
        `${algorithm} keys are not supported by PKCS #11 tokens`,
      )
    const [existing] = await call(client, { kind: 'find', label: name })
    const pair = existing ?? (await createPair(name, algorithm))
    const record = recordOf(location, pair)
    const stored = await records.insertIfAbsent(record)
    if (existing === undefined && stored.handle !== record.handle)
      await call(client, { kind: 'destroy', name: { label: name, id: pair.id } })
    return stored
  }

  function createPair(label: string, algorithm: KeyAlgorithm): Promise<TokenKeyPair> {
    const name = { label, id: Uint8Array.from(random.bytes(idBytes)) }
    return call(client, { kind: 'create', name, algorithm })
  }

  function nameOf(handle: KeyHandle): KeyName {
    const known = names.get(handle)
    if (known !== undefined) return known
    const key = parseUri(handle)
    if (key === undefined) throw new KeyNotFoundError(`${handle} is not the URI of a private key`)
    if (key.token !== location.token)
      throw keyStoreError(
        new TokenFailure(
          'misconfigured',
          `the key ${key.label} is in the token '${key.token}', but --pkcs11-token is '${location.token}'`,
        ),
      )
    const name = { label: key.label, id: key.id }
    names.set(handle, name)
    return name
  }
}

/**
 * Opens a session with a token and closes the session again. Throws a TokenFailure that states why the token cannot be used.
 */
export async function checkToken(location: TokenLocation): Promise<void> {
  const client = openTokenClient(location, { wait: 0 })
  try {
    await client.call({ kind: 'open' })
  } finally {
    await client.close()
  }
}

function recordOf({ token }: TokenLocation, pair: TokenKeyPair): TokenKeyRecord {
  const { label, id, algorithm, subjectPublicKeyInfo } = pair
  return { name: label, algorithm, handle: encodeUri({ token, label, id }), subjectPublicKeyInfo }
}

async function call<Kind extends TokenCall['kind']>(
  client: TokenClient,
  request: Extract<TokenCall, { readonly kind: Kind }>,
): Promise<TokenResults[Kind]> {
  try {
    return await client.call(request)
  } catch (error) {
    throw error instanceof TokenFailure ? keyStoreError(error) : error
  }
}
