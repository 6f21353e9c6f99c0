import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { fixedSealers } from '../../test/support/fixed-sealers.ts'
import { systemRandom as random } from '../random.ts'
import { createSealer } from '../sealer.ts'
import { createKeyRecords } from '../store/keys.ts'
import { createKeyStore, keyStores } from './index.ts'
import { keyStoreContract, keyStoreKinds } from './key-store-contract.ts'
import { KeyNotFoundError, type KeyStore } from './key-store.ts'

const sealers = fixedSealers(createSealer(random.bytes(32), random))

let database: TestDatabase
before(async () => (database = await TestDatabase.open()))
after(async () => database[Symbol.asyncDispose]())

const services = (): Parameters<typeof createKeyStore>[0] => ({
  records: createKeyRecords(database.db),
  sealers,
  random,
})

for (const [scheme, create] of Object.entries(keyStores))
  suite(`the key store ${scheme}`, () => {
    for (const { name, run } of [...keyStoreKinds, ...keyStoreContract])
      for (const longSignatures of ['in-pool', 'on-thread'] as const)
        test(`${name} (long signatures ${longSignatures})`, () =>
          run({ store: create({ ...services(), longSignatures }), other: create(services()) }))

    test('the handles of a key store start with its scheme', async () => {
      const { handle } = await create(services()).create('handle', 'EC_prime256v1')
      assert.ok(handle.startsWith(`${scheme}:`), handle)
    })
  })

suite('createKeyStore', () => {
  for (const { name, run } of keyStoreContract)
    test(name, () => run({ store: createKeyStore(services()), other: createKeyStore(services()) }))

  test('a handle of an unknown scheme is not found', async () => {
    const keys: KeyStore = createKeyStore(services())
    for (const handle of ['kms:1', 'toString:1', 'local', ':local', ''])
      await assert.rejects(keys.sign(handle, 'SHA256WITHECDSA', random.bytes(1)), KeyNotFoundError)
    await assert.rejects(keys.destroy('pkcs11:1'), KeyNotFoundError)
  })
})
