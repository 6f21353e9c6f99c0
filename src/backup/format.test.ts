/** A backup as a file: what was written is read again, and nothing else is. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { createDeflate, createInflate } from 'node:zlib'
import * as fc from 'fast-check'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import { decodeHead, encodeHead } from './format.ts'
import { lockForRecipient, lockWithPassphrase, openLock, type Locked, type Opener } from './lock.ts'
import { readRecords, RecordWriter, type BackupRecord } from './records.ts'
import type { BackupValue } from './row-values.ts'
import { chunkBytes, decryptChunks, encryptChunks } from './stream-cipher.ts'

interface Content {
  readonly masterKey: Uint8Array
  readonly tables: Record<string, { columns: string[]; rows: BackupValue[][] }>
}

const header = {
  schemaVersion: 4,
  createdAt: '2025-01-31T12:00:00.000Z',
  signetVersion: '0.1.0',
}

function recordsOf({ masterKey, tables }: Content): Buffer[] {
  const writer = new RecordWriter()
  const records = [writer.file('master-key', masterKey)]
  for (const [name, { columns, rows }] of Object.entries(tables))
    records.push(writer.table({ name, columns }), writer.rows(rows))
  return [...records, writer.end()]
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function written(locked: Locked, records: readonly Buffer[]): Promise<Buffer> {
  const { head, streamKey } = encodeHead(header, locked)
  const deflate = Readable.from(records).compose(createDeflate())
  return Buffer.concat([head, await collect(encryptChunks(streamKey, deflate))])
}

async function read(file: Buffer, opener: Opener): Promise<BackupRecord[]> {
  const head = decodeHead(file)
  const key = await head.open(opener)
  const found: BackupRecord[] = []
  await pipeline(
    Readable.from([file.subarray(head.length)]),
    (chunks: AsyncIterable<Uint8Array>) => decryptChunks(key, chunks),
    createInflate(),
    async (bytes: AsyncIterable<Uint8Array>) => {
      for await (const records of readRecords(bytes)) found.push(...records)
    },
  )
  return found
}

function expected({ masterKey, tables }: Content): BackupRecord[] {
  return [
    { kind: 'file', name: 'master-key', bytes: Buffer.from(masterKey) },
    ...Object.entries(tables).flatMap(([name, { columns, rows }]): BackupRecord[] => [
      { kind: 'table', table: { name, columns } },
      ...rows.map((values) => ({ kind: 'row' as const, values })),
    ]),
  ]
}

const value: fc.Arbitrary<BackupValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 300 }),
)

const content: fc.Arbitrary<Content> = fc.record({
  masterKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  tables: fc.dictionary(
    fc.stringMatching(/^[a-z_]{1,12}$/),
    fc.integer({ min: 1, max: 5 }).chain((columns) =>
      fc.record({
        columns: fc.constant(Array.from({ length: columns }, (_, index) => `c${index}`)),
        rows: fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
          maxLength: 8,
        }),
      }),
    ),
    { maxKeys: 4 },
  ),
})

function recipients(): { publicPem: string; privatePem: string }[] {
  return [
    generateKeyPairSync('x25519'),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ].map(({ publicKey, privateKey }) => ({
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }))
}

const keys = recipients()
const [x25519, p256] = keys as [(typeof keys)[0], (typeof keys)[0]]
const identity: Opener = { kind: 'identity', pem: x25519.privatePem }
const lock = (): Locked => lockForRecipient(x25519.publicPem, systemRandom)

const sample: Content = {
  masterKey: new Uint8Array(32).fill(7),
  tables: {
    one: {
      columns: ['a', 'b'],
      rows: [
        [1, 'text'],
        [null, Uint8Array.of(1, 2)],
      ],
    },
    two: { columns: ['c'], rows: [] },
  },
}

/** Does not compress, and fills several chunks. */
const large: Content = {
  ...sample,
  tables: { one: { columns: ['a'], rows: [[new Uint8Array(systemRandom.bytes(4 * chunkBytes))]] } },
}

async function refuses(
  file: Buffer,
  opener = identity,
  what = /damaged|not a backup/,
): Promise<void> {
  await assert.rejects(
    () => read(file, opener),
    (error: Error) => {
      assert.ok(error instanceof ConfigurationError, error.stack)
      assert.match(error.message, what)
      return true
    },
  )
}

describe('a backup', () => {
  test('gives back any rows, whoever it is locked for', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.constantFrom(...keys), async (any, key) => {
        const file = await written(lockForRecipient(key.publicPem, systemRandom), recordsOf(any))
        const found = await read(file, { kind: 'identity', pem: key.privatePem })
        assert.deepEqual(found, expected(any))
      }),
      { numRuns: 100 },
    )
  })

  test('of several chunks is read whole', async () => {
    const file = await written(lock(), recordsOf(large))
    assert.deepEqual(await read(file, identity), expected(large))
  })

  test('with any bit changed is refused', async () => {
    const file = await written(lock(), recordsOf(sample))
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await refuses(changed, identity, /./)
    }
  })

  test('cut short anywhere, or with more behind it, is refused', async () => {
    const file = await written(lock(), recordsOf(sample))
    for (let length = 0; length < file.length; length += 1) await refuses(file.subarray(0, length))
    await refuses(Buffer.concat([file, Buffer.of(0)]))
    await refuses(Buffer.concat([file, file]))
  })

  test('with chunks left out, repeated, swapped or put in from another is refused', async () => {
    const locked = lock()
    const file = await written(locked, recordsOf(large))
    const other = await written(lock(), recordsOf(large))
    const start = decodeHead(file).length
    const size = chunkBytes + 16
    const chunk = (number: number, from = file): Buffer =>
      from.subarray(start + number * size, start + (number + 1) * size)
    const count = Math.ceil((file.length - start) / size)
    assert.ok(count >= 4)
    const all = Array.from({ length: count }, (_, number) => chunk(number))
    const changes: Buffer[][] = [
      all.slice(1),
      all.slice(0, -1),
      all.toSpliced(1, 1),
      all.toSpliced(1, 0, chunk(1)),
      all.toSpliced(1, 2, chunk(2), chunk(1)),
      all.toSpliced(1, 1, chunk(1, other)),
      [],
    ]
    for (const chunks of changes) await refuses(Buffer.concat([file.subarray(0, start), ...chunks]))
    assert.deepEqual(
      await read(Buffer.concat([file.subarray(0, start), ...all]), identity),
      expected(large),
    )
  })

  test('whose end does not agree with its rows is refused, although it opens', async () => {
    const records = recordsOf(sample)
    for (const changed of [
      records.slice(0, -1),
      records.toSpliced(1, 1),
      records.toSpliced(2, 1),
      [...records, ...records.slice(-1)],
      [...records, Buffer.of(0, 0, 0, 1)],
    ])
      await refuses(await written(lock(), changed))
  })

  test('never says in clear what is in it', async () => {
    const file = await written(lock(), recordsOf(sample))
    assert.equal(file.includes(Buffer.from('master-key')), false)
    assert.equal(file.includes(Buffer.from(sample.masterKey)), false)
  })
})

describe('the lock of a backup', () => {
  test('opens with its passphrase, composed or not, and with no other', async () => {
    const locked = await lockWithPassphrase('Grüße aus Köln', systemRandom)
    const file = await written(locked, recordsOf(sample))
    for (const form of ['NFC', 'NFD']) {
      const passphrase = 'Grüße aus Köln'.normalize(form)
      assert.deepEqual(await read(file, { kind: 'passphrase', passphrase }), expected(sample))
    }
    for (const passphrase of ['Grüsse aus Köln', 'Grüße aus Köln '])
      await refuses(file, { kind: 'passphrase', passphrase }, /passphrase is another one/)
    await refuses(file, identity, /locked with a passphrase/)
  })

  test('made twice gives two secrets', async () => {
    const secrets = [lock(), lock(), await lockWithPassphrase('the same', systemRandom)]
    secrets.push(await lockWithPassphrase('the same', systemRandom))
    const texts = secrets.map(({ secret }) => Buffer.from(secret).toString('hex'))
    assert.equal(new Set(texts).size, 4)
  })

  test('opens with the identity of its recipient, and with no other', async () => {
    const file = await written(lock(), recordsOf(sample))
    await refuses(file, { kind: 'identity', pem: p256.privatePem }, /another recipient/)
    const another = generateKeyPairSync('x25519').privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    })
    await refuses(file, { kind: 'identity', pem: String(another) }, /another recipient/)
    await refuses(file, { kind: 'passphrase', passphrase: 'any passphrase' }, /--identity/)
    await refuses(file, { kind: 'identity', pem: 'no key' }, /identity is not a key/)
  })

  test('takes public keys of three kinds only', () => {
    const pemOf = (key: { publicKey: { export(o: object): string | Buffer } }): string =>
      String(key.publicKey.export({ type: 'spki', format: 'pem' }))
    for (const pem of [
      pemOf(generateKeyPairSync('ed25519')),
      pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
      pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
      x25519.privatePem,
      '',
    ])
      assert.throws(() => lockForRecipient(pem, systemRandom), ConfigurationError)
  })

  test('that asks for an unbounded cost is refused before it is paid', async () => {
    const { lock: made } = await lockWithPassphrase('a passphrase', systemRandom)
    assert.equal(made.kind, 'passphrase')
    for (const change of [{ logN: 40 }, { r: 1024 }, { p: 1024 }])
      await assert.rejects(
        openLock({ ...made, ...change }, { kind: 'passphrase', passphrase: 'x' }),
        ConfigurationError,
      )
  })
})

describe('the cipher of a stream', () => {
  test('gives back any length, in pieces of any size', async () => {
    const key = systemRandom.bytes(32)
    const around = [0, 1, chunkBytes].flatMap((n) => [n, 2 * chunkBytes + n, chunkBytes - 1 + n])
    for (const length of around)
      for (const piece of [1000, chunkBytes + 16, 10 * chunkBytes]) {
        const bytes = Buffer.from(systemRandom.bytes(length))
        const pieces = (all: Buffer): Readable =>
          Readable.from(
            Array.from({ length: Math.ceil(all.length / piece) }, (_, index) =>
              all.subarray(index * piece, (index + 1) * piece),
            ),
          )
        const sealed = await collect(encryptChunks(key, pieces(bytes)))
        assert.deepEqual(await collect(decryptChunks(key, pieces(sealed))), bytes)
      }
  })
})
