import { systemClock } from '../../clock.ts'
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { suite, test, type TestContext } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { eventually } from '../../../test/support/revocation.ts'
import { SoftHsm } from '../../../test/support/softhsm.ts'
import { systemRandom as random } from '../../random.ts'
import { createTokenKeyRecords } from '../../store/token-keys.ts'
import { keyStoreContract, keyStoreKinds } from '../key-store-contract.ts'
import {
  KeyNotFoundError,
  KeyUnavailableError,
  UnsupportedKeyAlgorithmError,
  type CreatedKey,
  type OpenKeyStore,
} from '../key-store.ts'
import { createPkcs11KeyStore, checkToken, type Pkcs11KeyStoreOptions } from './pkcs11-key-store.ts'
import { parseUri } from './uri.ts'

const message = Buffer.from('to be signed')

interface Bench {
  readonly hsm: SoftHsm
  readonly database: TestDatabase
  /** Opens a key store, which is closed after the test. */
  readonly open: (options?: Partial<Pkcs11KeyStoreOptions>) => OpenKeyStore
}

/** Creates a token and a database for one test. Without SoftHSM, returns undefined and skips the test. */
async function prepare(
  t: Pick<TestContext, 'after' | 'diagnostic' | 'skip'>,
): Promise<Bench | undefined> {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return undefined
  const database = await TestDatabase.open()
  t.after(() => database[Symbol.asyncDispose]())
  const records = createTokenKeyRecords(database.db, systemClock)
  const open: Bench['open'] = (options = {}) => {
    const store = createPkcs11KeyStore({ location: hsm.location, records, random, ...options })
    t.after(() => store.close?.())
    return store
  }
  return { hsm, database, open }
}

function isSignature(spki: Uint8Array, signature: Uint8Array, signed = message): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  return verify('sha256', signed, key, signature)
}

suite('the key store pkcs11', () => {
  // SoftHSM does not support ML-DSA.
  const kinds = keyStoreKinds.filter(({ name }) => !name.includes('ML_DSA'))
  for (const { name, run } of [...kinds, ...keyStoreContract])
    test(name, async (t) => {
      const bench = await prepare(t)
      if (bench !== undefined) await run({ store: bench.open(), other: bench.open() })
    })
})

suite('ML-DSA keys', () => {
  const algorithms = ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'] as const

  test('a token without the mechanisms of PKCS #11 3.2 refuses them, and the error names the mechanism', async (t) => {
    const bench = await prepare(t)
    if (bench === undefined) return
    const store = bench.open()
    for (const algorithm of algorithms)
      await assert.rejects(store.create(algorithm, algorithm), (error: Error) => {
        assert.ok(error instanceof UnsupportedKeyAlgorithmError)
        assert.match(error.message, new RegExp(`${algorithm} keys .*CKM_ML_DSA_KEY_PAIR_GEN`))
        return true
      })
  })

  test('a module with the mechanisms creates them, signs, and finds them after an interruption', async (t) => {
    const bench = await prepare(t)
    const mlDsa = await bench?.hsm.mlDsaModule(t)
    if (bench === undefined || mlDsa === undefined) return
    const [store, other] = [bench.open(mlDsa), bench.open(mlDsa)]
    for (const { name, run } of keyStoreKinds)
      if (name.includes('ML_DSA')) await run({ store, other })
    const records = createTokenKeyRecords(bench.database.db, systemClock)
    for (const algorithm of algorithms) {
      const created = await store.create(algorithm, algorithm)
      await assert.rejects(store.sign(created.handle, 'SHA256WITHECDSA', message), TypeError)
      const wrong = algorithm === 'ML_DSA_44' ? 'ML_DSA_65' : 'ML_DSA_44'
      await assert.rejects(store.sign(created.handle, wrong, message), TypeError)
      await records.erase(algorithm, created.handle)
      assert.deepEqual(await other.create(algorithm, algorithm), created)
      await store.destroy(created.handle)
      await assert.rejects(other.sign(created.handle, algorithm, message), KeyNotFoundError)
    }
  })
})

test('messages of every length are signed, also if the thread of the token computes their digest', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open()
  for (const [algorithm, signing] of [
    ['EC_prime256v1', 'SHA256WITHECDSA'],
    ['RSA_2048', 'SHA256WITHRSA'],
  ] as const) {
    const { handle, subjectPublicKeyInfo } = await store.create(algorithm, algorithm)
    for (const length of [0, 1, 65_536, 65_537, 1_000_000]) {
      const long = Buffer.alloc(length, 'x')
      const signature = await store.sign(handle, signing, long)
      assert.ok(isSignature(subjectPublicKeyInfo, signature, long), `${signing} ${length}`)
    }
  }
})

test('handles are RFC 7512 URIs of the private key', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const { handle } = await bench.open().create('a key', 'EC_prime256v1')
  assert.match(
    handle,
    /^pkcs11:token=signet%20test;object=a%20key;id=(?:%[0-9A-F]{2}){16};type=private$/,
  )
  const key = parseUri(handle) ?? assert.fail(handle)
  const listed = await bench.hsm.tool('--list-objects', '--type', 'privkey')
  assert.ok(listed.includes(Buffer.from(key.id).toString('hex')), listed)
})

test('pkcs11-tool shows every private key as sensitive and never extractable', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open()
  const algorithms = ['RSA_2048', 'EC_prime256v1', 'EC_secp384r1', 'EC_secp521r1'] as const
  for (const algorithm of algorithms) await store.create(algorithm, algorithm)
  const listed = await bench.hsm.tool('--list-objects', '--type', 'privkey')
  const access = listed.match(/^ *Access: .*$/gm) ?? []
  assert.equal(access.length, algorithms.length)
  for (const line of access)
    assert.equal(line.trim(), 'Access:     sensitive, always sensitive, never extractable, local')
  // There is no decryption mechanism for EC keys.
  assert.match(listed, /RSA[^\n]*\n(?: .*\n)*? +Usage: +sign\n/)
})

test('a destroyed key leaves no object in the token', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open()
  const { handle } = await store.create('gone', 'EC_prime256v1')
  await store.destroy(handle)
  assert.equal((await bench.hsm.tool('--list-objects')).includes('gone'), false)
})

test('a key that an interrupted creation left in the token is used', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open()
  const created = await store.create('again', 'EC_prime256v1')
  await createTokenKeyRecords(bench.database.db, systemClock).erase('again', created.handle)
  assert.deepEqual(await store.create('again', 'EC_prime256v1'), created)
})

test('a key of another token is unavailable, and a malformed URI is not found', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open()
  const { handle } = await store.create('mine', 'EC_prime256v1')
  const elsewhere = handle.replace('signet%20test', 'other')
  await assert.rejects(store.sign(elsewhere, 'SHA256WITHECDSA', message), KeyUnavailableError)
  await assert.rejects(store.sign('pkcs11:1', 'SHA256WITHECDSA', message), KeyNotFoundError)
})

test('a signature waits for a token that comes back, and fails if it stays away', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open({ limits: { wait: 1500 } })
  const { handle, subjectPublicKeyInfo } = await store.create('waits', 'EC_prime256v1')
  await bench.hsm.remove()
  await assert.rejects(store.sign(handle, 'SHA256WITHECDSA', message), (error: Error) => {
    assert.ok(error instanceof KeyUnavailableError)
    assert.match(error.message, /token '?signet test'? cannot be used now|no token with the label/)
    return true
  })
  const waiting = [1, 2, 3].map(() => store.sign(handle, 'SHA256WITHECDSA', message))
  await bench.hsm.restore()
  for (const signature of await Promise.all(waiting))
    assert.ok(isSignature(subjectPublicKeyInfo, signature))
})

test('a key is not considered destroyed while its token is removed', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const store = bench.open({ limits: { wait: 0 } })
  const { handle } = await store.create('stays', 'EC_prime256v1')
  await bench.hsm.remove()
  await assert.rejects(store.destroy(handle), KeyUnavailableError)
  await bench.hsm.restore()
  assert.ok(await store.sign(handle, 'SHA256WITHECDSA', message))
})

test('a missing module, a missing token and a missing PIN file are reported', async (t) => {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return
  const { location } = hsm
  await checkToken(location)
  const absent = `${hsm.folder}/absent`
  await assert.rejects(checkToken({ ...location, module: absent }), /--pkcs11-module: .*absent/)
  await assert.rejects(
    checkToken({ ...location, token: 'no' }),
    /'no' is present \(present: signet/,
  )
  await assert.rejects(
    checkToken({ ...location, pinFile: absent }),
    /--pkcs11-pin-file: .*no such file/,
  )
})

test('a wrong PIN is tried once, and a corrected PIN file is used without a restart', async (t) => {
  const bench = await prepare(t)
  if (bench === undefined) return
  const { hsm } = bench
  await writeFile(hsm.pinFile, '000000\n')
  const store = bench.open({ limits: { wait: 0 } })
  const create = () => store.create('k', 'EC_prime256v1')
  await assert.rejects(create(), /refuses the PIN in .*pin \(CKR_PIN_INCORRECT\)/)
  await assert.rejects(create(), /refuses the PIN in .*pin \(refused earlier\)/)
  await writeFile(hsm.pinFile, `${hsm.pin}\n`)
  await create()
})

test('error messages do not contain the PIN', async (t) => {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return
  await writeFile(hsm.pinFile, '123459876')
  await assert.rejects(checkToken(hsm.location), (error: Error) => {
    assert.ok(!error.stack?.includes('123459876'))
    return true
  })
})

test('a module that hangs makes its keys unavailable, blocks nothing else, and is used again once it returns', async (t) => {
  const bench = await prepare(t)
  const faulty = await bench?.hsm.faultyModule(t)
  if (bench === undefined || faulty === undefined) return
  const store = bench.open({ location: faulty.location, limits: { hang: 3000, wait: 100 } })
  const { handle } = await store.create('slow', 'EC_prime256v1')
  const sign = () => store.sign(handle, 'SHA256WITHECDSA', message)
  await sign()
  await faulty.hang(true)
  const hanging = sign()
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 10)
  await assert.rejects(hanging, /a call to the PKCS #11 module has not returned for 3 seconds/)
  clearInterval(ticking)
  assert.ok(turns > 5, `${turns} turns of the event loop`)
  await assert.rejects(sign(), KeyUnavailableError)
  await faulty.hang(false)
  await eventually(async () => sign().catch(() => undefined), 'a signature')
})

suite('one broken key of a token', () => {
  /** Signs with a broken key and a good key, in one message to the thread. */
  async function signWithBoth(
    store: OpenKeyStore,
    broken: CreatedKey,
    good: CreatedKey,
  ): Promise<{ readonly error: Error; readonly isGood: boolean }> {
    const [failed, signature] = await Promise.all([
      store.sign(broken.handle, 'SHA256WITHECDSA', message).then(
        () => assert.fail('the broken key signed'),
        (error: Error) => error,
      ),
      store.sign(good.handle, 'SHA256WITHECDSA', message),
    ])
    return { error: failed, isGood: isSignature(good.subjectPublicKeyInfo, signature) }
  }

  test('a key that was deleted from the token is not found, and another key signs meanwhile', async (t) => {
    const bench = await prepare(t)
    if (bench === undefined) return
    const store = bench.open()
    const [broken, good] = [
      await store.create('broken', 'EC_prime256v1'),
      await store.create('good', 'EC_prime256v1'),
    ]
    await store.sign(broken.handle, 'SHA256WITHECDSA', message)
    await bench.hsm.tool('--delete-object', '--type', 'privkey', '--label', 'broken')
    const { error, isGood } = await signWithBoth(store, broken, good)
    assert.ok(error instanceof KeyNotFoundError, String(error))
    assert.ok(isGood)
  })

  test('a key without CKA_SIGN is unavailable, and another key signs meanwhile', async (t) => {
    const bench = await prepare(t)
    if (bench === undefined) return
    const store = bench.open()
    const [broken, good] = [
      await store.create('broken', 'EC_prime256v1'),
      await store.create('good', 'EC_prime256v1'),
    ]
    await bench.hsm.forbidSigning('broken')
    const { error, isGood } = await signWithBoth(store, broken, good)
    assert.ok(error instanceof KeyUnavailableError, String(error))
    assert.match(error.message, /CKR_KEY_FUNCTION_NOT_PERMITTED/)
    assert.ok(isGood)
  })

  test('another key signs while one key fails, and the key signs again when it is repaired', async (t) => {
    const bench = await prepare(t)
    const faulty = await bench?.hsm.faultyModule(t)
    if (bench === undefined || faulty === undefined) return
    const store = bench.open({ location: faulty.location, limits: { wait: 60_000 } })
    const good = await store.create('good', 'EC_prime256v1')
    const keyFunctionNotPermitted = 0x68
    const generalError = 0x05
    const keyHandleInvalid = 0x60
    const ofVendor = 0x80_00_01_23
    for (const value of [keyFunctionNotPermitted, generalError, keyHandleInvalid, ofVendor]) {
      const label = `fails-with-${value}`
      const broken = await store.create(label, 'EC_prime256v1')
      await faulty.fail(value, label)
      const before = await faulty.logins()
      for (let round = 0; round < 3; round += 1) {
        const { error, isGood } = await signWithBoth(store, broken, good)
        assert.ok(error instanceof KeyUnavailableError, String(error))
        assert.match(error.message, /refused the call/)
        assert.ok(isGood)
      }
      // A new session is tried only once, not for each signature.
      const sessions = value === keyFunctionNotPermitted ? 0 : 1
      assert.equal((await faulty.logins()) - before, sessions)
      await faulty.repair()
      const signature = await store.sign(broken.handle, 'SHA256WITHECDSA', message)
      assert.ok(isSignature(broken.subjectPublicKeyInfo, signature))
    }
  })

  test('a token that is lost is reported as such, and not as a key that fails', async (t) => {
    const bench = await prepare(t)
    const faulty = await bench?.hsm.faultyModule(t)
    if (bench === undefined || faulty === undefined) return
    const store = bench.open({ location: faulty.location, limits: { wait: 0 } })
    const key = await store.create('lost', 'EC_prime256v1')
    const deviceRemoved = 0x32
    await faulty.fail(deviceRemoved, 'lost')
    await assert.rejects(
      store.sign(key.handle, 'SHA256WITHECDSA', message),
      /cannot be used now \(CKR_DEVICE_REMOVED/,
    )
  })
})
