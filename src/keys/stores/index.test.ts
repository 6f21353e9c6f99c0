import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { systemRandom as random } from '../../random.ts'
import { createSealer } from '../../sealer.ts'
import { createKeyRecords } from '../../store/keys.ts'
import { createKeyStore, keyStores, type KeyStoreOptions } from './index.ts'
import { keyStoreContract, keyStoreKinds } from '../key-store-contract.ts'
import { KeyNotFoundError, type KeyStore } from '../key-store.ts'

const sealer = createSealer(random.bytes(32), random)

let database: TestDatabase
before(async () => (database = await TestDatabase.open()))
after(async () => database[Symbol.asyncDispose]())

const options = (): KeyStoreOptions => ({
  local: { records: createKeyRecords(database.db), sealer, random },
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
      run({ store: createKeyStore(options(), 'local'), other: createKeyStore(options(), 'local') }),
    )

  test('the scheme of a handle is the name of the store in which its key was created', async () => {
    const { handle } = await createKeyStore(options(), 'local').create('handle', 'EC_prime256v1')
    assert.ok(handle.startsWith('local:'), handle)
  })

  test('a handle of an unknown scheme is not found', async () => {
    const keys: KeyStore = createKeyStore(options(), 'local')
    for (const handle of ['nowhere:1', 'toString:1', 'local', ':local', ''])
      await assert.rejects(keys.sign(handle, 'SHA256WITHECDSA', random.bytes(1)), KeyNotFoundError)
    await assert.rejects(keys.destroy('nowhere:1'), KeyNotFoundError)
  })
})
