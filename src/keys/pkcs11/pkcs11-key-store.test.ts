import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { suite, test, type TestContext } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { SoftHsm } from '../../../test/support/softhsm.ts'
import { systemRandom as random } from '../../random.ts'
import { createTokenKeyRecords } from '../../store/token-keys.ts'
import { keyStoreContract, keyStoreKinds } from '../key-store-contract.ts'
import { KeyNotFoundError, KeyUnavailableError, type OpenKeyStore } from '../key-store.ts'
import { createPkcs11KeyStore, checkToken, type Pkcs11KeyStoreOptions } from './pkcs11-key-store.ts'
import { parseUri } from './uri.ts'

const message = Buffer.from('to be signed')

interface Bench {
  readonly hsm: SoftHsm
  readonly database: TestDatabase
  /** Opens a key store, which is closed after the test. */
  readonly open: (options?: Partial<Pkcs11KeyStoreOptions>) => OpenKeyStore
}

/** Creates a token and a database for one test. Undefined, and the test is skipped, without SoftHSM. */
async function prepare(
  t: Pick<TestContext, 'after' | 'diagnostic' | 'skip'>,
): Promise<Bench | undefined> {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return undefined
  const database = await TestDatabase.open()
  t.after(() => database[Symbol.asyncDispose]())
  const records = createTokenKeyRecords(database.db)
  const open: Bench['open'] = (options = {}) => {
    const store = createPkcs11KeyStore({ location: hsm.location, records, random, ...options })
    t.after(() => store.close?.())
    return store
  }
  return { hsm, database, open }
}

function isSignature(spki: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  return verify('sha256', message, key, signature)
}

suite('the key store pkcs11', () => {
  // SoftHSM has no ML-DSA.
  const kinds = keyStoreKinds.filter(({ name }) => !name.includes('ML_DSA'))
  for (const { name, run } of [...kinds, ...keyStoreContract])
    test(name, async (t) => {
      const bench = await prepare(t)
      if (bench !== undefined) await run({ store: bench.open(), other: bench.open() })
    })
})
