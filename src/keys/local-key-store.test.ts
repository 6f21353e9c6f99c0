import { systemClock } from '../clock.ts'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { fixedSealers } from '../../test/support/fixed-sealers.ts'
import { systemRandom, type Random } from '../random.ts'
import { insertAccessKey } from '../store/access-keys.ts'
import { insertAccount } from '../store/accounts.ts'
import { createKeyRecords } from '../store/keys.ts'
import { sql } from '../store/sql.ts'
import { KeyUnavailableError, type KeyStore } from './key-store.ts'
import type { KeyRecord, KeyRecords } from './key-records.ts'
import { createLocalKeyStore } from './local-key-store.ts'
import { createSealer, type Sealer } from '../sealer.ts'

const random = systemRandom
const sealer = createSealer(random.bytes(32), random)
const message = Buffer.from('message')

let shared: TestDatabase
before(async () => (shared = await TestDatabase.open()))
after(async () => shared[Symbol.asyncDispose]())

const storeOn = (
  database: TestDatabase,
  { sealer: own = sealer, ...options }: { sealer?: Sealer; random?: Random } = {},
): KeyStore =>
  createLocalKeyStore({
    records: createKeyRecords(database.db, systemClock),
    sealers: fixedSealers(own),
    random,
    ...options,
  })

/** A source of random bytes that keeps copies of the bytes it returns. */
class RecordingRandom implements Random {
  readonly given: Buffer[] = []

  bytes(length: number): Uint8Array {
    const bytes = random.bytes(length)
    this.given.push(Buffer.from(bytes))
    return bytes
  }
}

/** Returns a sealer that records the values it seals. */
function recording(inner: Sealer): { sealer: Sealer; sealed: Buffer[]; plaintexts: Buffer[] } {
  const sealed: Buffer[] = []
  const plaintexts: Buffer[] = []
  return {
    sealed,
    plaintexts,
    sealer: {
      seal(context, plaintext) {
        plaintexts.push(Buffer.from(plaintext))
        const bytes = inner.seal(context, plaintext)
        sealed.push(Buffer.from(bytes))
        return bytes
      },
      open: (context, bytes) => inner.open(context, bytes),
    },
  }
}

test('the files of a database contain no plaintext private keys, data keys or secret access keys', async () => {
  await using database = await TestDatabase.open()
  const { db, folder } = database
  const { sealer: watched, plaintexts } = recording(sealer)
  const store = storeOn(database, { sealer: watched })
  for (const [name, algorithm] of [
    ['ec', 'EC_prime256v1'],
    ['rsa', 'RSA_2048'],
  ] as const)
    await store.create(name, algorithm)
  const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
  const createdAt = new Date(0)
  await db.transaction([
    insertAccount({ accountId: '123456789012', organizationId: undefined, createdAt }),
    insertAccessKey(fixedSealers(watched), {
      accessKeyId: 'AKIAAAAAAAAAAAAAAAAA',
      secretAccessKey,
      accountId: '123456789012',
      owner: { kind: 'service', name: 'acm.amazonaws.com', sourceArn: undefined },
      policy: undefined,
      active: true,
      createdAt,
    }),
  ])
  const records = createKeyRecords(db, systemClock)
  const privateKeys: Buffer[] = []
  for (const [index, name] of ['ec', 'rsa'].entries()) {
    const record = (await records.find(name)) as KeyRecord
    const dataKey = plaintexts[index] as Buffer
    privateKeys.push(Buffer.from(createSealer(dataKey, random).open(name, record.privateKeySealed)))
  }
  const bytes = folder.bytes()
  assert.ok(bytes.includes('AKIAAAAAAAAAAAAAAAAA'), 'the scan must find stored text')
  for (const secret of [...plaintexts, Buffer.from(secretAccessKey)])
    assert.ok(!bytes.includes(secret))
  for (const privateKey of privateKeys) {
    assert.equal(privateKey[0], 0x30, 'PKCS #8 DER')
    for (let at = 0; at + 16 <= privateKey.length; at += 16)
      if (!isPublic(privateKey, at))
        assert.ok(!bytes.includes(privateKey.subarray(at, at + 16)), `${at}`)
  }
})

/** Returns whether the bytes at `at` in an EC or RSA private key are public, as part of the header or of the public key. */
function isPublic(privateKey: Buffer, at: number): boolean {
  return privateKey.length < 200 ? at < 32 || at + 16 > 66 : at < 320
}

test('the destruction of a key fails until the write-ahead log contains no copy of the key', async () => {
  let isTruncated = false
  const db = { ...shared.db, truncateLog: () => Promise.resolve(isTruncated) }
  const records = createKeyRecords(db, systemClock)
  const store = createLocalKeyStore({ records, sealers: fixedSealers(sealer), random })
  const { handle } = await store.create('copied', 'EC_prime256v1')
  await store.sign(handle, 'SHA256WITHECDSA', message)
  await assert.rejects(store.destroy(handle), /a copy of the key in the write-ahead log/)
  await assert.rejects(store.sign(handle, 'SHA256WITHECDSA', message))
  isTruncated = true
  await store.destroy(handle)
})

test('the files of a database contain no trace of a destroyed key', async () => {
  await using database = await TestDatabase.open()
  const store = storeOn(database)
  const records = createKeyRecords(database.db, systemClock)
  const handles = await Promise.all(
    Array.from({ length: 20 }, (_, index) => store.create(`k${index}`, 'EC_prime256v1')),
  )
  const gone = (await records.find('k7')) as KeyRecord
  const kept = (await records.find('k8')) as KeyRecord
  assert.ok(database.folder.bytes().includes(Buffer.from(gone.privateKeySealed)))
  await store.destroy(handles[7]?.handle ?? '')
  const bytes = database.folder.bytes()
  for (const trace of [gone.privateKeySealed, gone.dataKeySealed, gone.subjectPublicKeyInfo])
    for (let at = 0; at + 16 <= trace.length; at += 16) {
      const piece = Buffer.from(trace.subarray(at, at + 16))
      // All public keys of a curve start with the same bytes.
      if (trace !== gone.subjectPublicKeyInfo || at >= 32)
        assert.ok(!bytes.includes(piece), `${at}`)
    }
  assert.ok(bytes.includes(Buffer.from(kept.privateKeySealed)))
})

test('plaintext private keys and data keys are overwritten once they are sealed or imported', async () => {
  await using database = await TestDatabase.open()
  const given: Uint8Array[] = []
  const watched: Random = {
    bytes(length) {
      const bytes = random.bytes(length)
      given.push(bytes)
      return bytes
    },
  }
  const opened: Uint8Array[] = []
  const opening: Sealer = {
    seal: (context, plaintext) => sealer.seal(context, plaintext),
    open(context, sealed) {
      const bytes = sealer.open(context, sealed)
      opened.push(bytes)
      return bytes
    },
  }
  const store = storeOn(database, { sealer: opening, random: watched })
  const { handle } = await store.create('k', 'EC_prime256v1')
  await store.sign(handle, 'SHA256WITHECDSA', message)
  const dataKeys = [...given, ...opened].filter(({ length }) => length === 32)
  assert.equal(dataKeys.length, 2)
  for (const dataKey of dataKeys) assert.ok(dataKey.every((byte) => byte === 0))
})

test('each private key has its own data key and nonces', async () => {
  await using database = await TestDatabase.open()
  const recorded = new RecordingRandom()
  const { sealer: watched, plaintexts } = recording(sealer)
  const store = storeOn(database, { sealer: watched, random: recorded })
  await Promise.all(['a', 'b', 'c'].map((name) => store.create(name, 'EC_prime256v1')))
  assert.equal(new Set(plaintexts.map((each) => each.toString('hex'))).size, 3)
  assert.equal(recorded.given.filter(({ length }) => length === 12).length, 3)
})

test('a key is decrypted once for concurrent signatures and kept in memory', async () => {
  await using database = await TestDatabase.open()
  let opens = 0
  const counted: Sealer = {
    seal: (context, plaintext) => sealer.seal(context, plaintext),
    open(context, sealed) {
      opens += 1
      return sealer.open(context, sealed)
    },
  }
  const { handle } = await storeOn(database).create('k', 'EC_prime256v1')
  const store = storeOn(database, { sealer: counted })
  await Promise.all(
    Array.from({ length: 20 }, () => store.sign(handle, 'SHA256WITHECDSA', message)),
  )
  await store.sign(handle, 'SHA256WITHECDSA', message)
  assert.equal(opens, 1)
})

test('a key cannot be decrypted with another master key, and still can with the correct master key', async () => {
  await using database = await TestDatabase.open()
  const { handle } = await storeOn(database).create('k', 'EC_prime256v1')
  const wrong = storeOn(database, { sealer: createSealer(random.bytes(32), random) })
  await assert.rejects(wrong.sign(handle, 'SHA256WITHECDSA', message), KeyUnavailableError)
  await assert.rejects(wrong.sign(handle, 'SHA256WITHECDSA', message), KeyUnavailableError)
  assert.ok(await storeOn(database).sign(handle, 'SHA256WITHECDSA', message))
})

test('a row with the private key, data key or public key of another row is rejected', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const handles: string[] = []
  for (const name of ['a', 'b', 'c', 'd'])
    handles.push((await storeOn(database).create(name, 'EC_prime256v1')).handle)
  await db.transaction([
    sql`update keys set private_key_sealed = (select private_key_sealed from keys where name = 'd')
      where name = 'a'`,
    sql`update keys set data_key_sealed = d.data_key_sealed, private_key_sealed = d.private_key_sealed
      from keys as d where d.name = 'd' and keys.name = 'b'`,
    sql`update keys set subject_public_key_info =
      (select subject_public_key_info from keys where name = 'd') where name = 'c'`,
  ])
  for (const handle of handles.slice(0, 3))
    await assert.rejects(
      storeOn(database).sign(handle, 'SHA256WITHECDSA', message),
      KeyUnavailableError,
      handle,
    )
  assert.ok(await storeOn(database).sign(handles[3] ?? '', 'SHA256WITHECDSA', message))
})

test('error messages contain no key bytes', async () => {
  await storeOn(shared).create('again', 'EC_prime256v1')
  const record =
    (await createKeyRecords(shared.db, systemClock).find('again')) ?? assert.fail('no record')
  const damaged: KeyRecords = {
    find: async () => ({ ...record, privateKeySealed: record.privateKeySealed.subarray(0, 40) }),
    insertIfAbsent: async () => record,
    erase: async () => {},
  }
  const store = createLocalKeyStore({ records: damaged, sealers: fixedSealers(sealer), random })
  await assert.rejects(store.sign('local:again', 'SHA256WITHECDSA', message), (error: Error) => {
    assert.ok(error instanceof KeyUnavailableError)
    assert.equal(error.message, 'local key again cannot be decrypted with the master key')
    return true
  })
})
