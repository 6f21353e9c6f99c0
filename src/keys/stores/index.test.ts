import { systemClock } from '../../clock.ts'
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { fixedSealers } from '../../../test/support/fixed-sealers.ts'
import { systemRandom as random } from '../../random.ts'
import { createSealer } from '../../sealer.ts'
import { createKeyRecords } from '../../store/keys.ts'
import { createKeyStore, keyStores, type KeyStoreOptions } from './index.ts'
import { keyStoreContract, keyStoreKinds } from '../key-store-contract.ts'
import { KeyNotFoundError, KeyUnavailableError, type KeyStore } from '../key-store.ts'

const sealers = fixedSealers(createSealer(random.bytes(32), random))

let database: TestDatabase
before(async () => (database = await TestDatabase.open()))
after(async () => database[Symbol.asyncDispose]())

const inDatabase = { newKeys: 'local', standards: undefined } as const

const options = (): KeyStoreOptions => ({
  local: { records: createKeyRecords(database.db, systemClock), sealers, random },
})

suite('the key store local', () => {
  for (const { name, run } of [...keyStoreKinds, ...keyStoreContract])
    for (const longSignatures of ['in-pool', 'on-thread'] as const)
      test(`${name} (long signatures ${longSignatures})`, () => {
        const { local } = options()
        const other = keyStores.local(options())
        return run({ store: keyStores.local({ local: { ...local, longSignatures } }), other })
      })
})

suite('createKeyStore', () => {
  for (const { name, run } of keyStoreContract)
    test(name, () =>
      run({
        store: createKeyStore(options(), inDatabase),
        other: createKeyStore(options(), inDatabase),
      }),
    )

  test('the scheme of a handle is the name of the store in which its key was created', async () => {
    const { handle } = await createKeyStore(options(), inDatabase).create('handle', 'EC_prime256v1')
    assert.ok(handle.startsWith('local:'), handle)
  })

  test('the standard of a CA selects the store of its key', async () => {
    const standards = [{ standard: 'CCPC_LEVEL_1_OR_HIGHER', store: 'local' }] as const
    const keys = createKeyStore(options(), { newKeys: 'local', standards })
    const key = await keys.create('standard', 'EC_prime256v1', 'CCPC_LEVEL_1_OR_HIGHER')
    assert.ok(key.handle.startsWith('local:'), key.handle)
    const other = 'FIPS_140_2_LEVEL_3_OR_HIGHER'
    await assert.rejects(keys.create('other', 'EC_prime256v1', other), (error: Error) => {
      assert.ok(error instanceof KeyUnavailableError)
      assert.match(error.message, /standard FIPS_140_2_LEVEL_3_OR_HIGHER; add it to --key-storage-/)
      return true
    })
  })

  test('a store of new keys that is not configured is refused', () => {
    const standards = [{ standard: 'FIPS_140_2_LEVEL_3_OR_HIGHER', store: 'kms' }] as const
    for (const stores of [
      { newKeys: 'local', standards },
      { newKeys: 'pkcs11', standards: undefined },
    ] as const)
      assert.throws(() => createKeyStore(options(), stores), /key store (?:kms|pkcs11) is not/)
  })

  test('a handle of an unknown scheme is not found', async () => {
    const keys: KeyStore = createKeyStore(options(), inDatabase)
    for (const handle of ['nowhere:1', 'toString:1', 'local', ':local', ''])
      await assert.rejects(keys.sign(handle, 'SHA256WITHECDSA', random.bytes(1)), KeyNotFoundError)
    await assert.rejects(keys.destroy('nowhere:1'), KeyNotFoundError)
  })
})
