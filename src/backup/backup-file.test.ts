/** Backups as age files: intact backups are read completely, and modified files are rejected. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  expected,
  identity,
  nativeKey,
  pairs,
  payloadStart,
  readBackup,
  recipientKey,
  recordsOf,
  refuses,
  sample,
  written,
  type Content,
} from '../../test/support/age-files.ts'
import { systemRandom } from '../random.ts'
import { encrypt } from './encryption.ts'
import type { BackupValue } from './row-values.ts'

const chunkBytes = 65_536
const sealedChunkBytes = chunkBytes + 16
const nonceBytes = 16

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

/** Incompressible content that fills several chunks. */
const large: Content = {
  ...sample,
  tables: { one: { columns: ['a'], rows: [[new Uint8Array(systemRandom.bytes(4 * chunkBytes))]] } },
}

describe('a backup', () => {
  for (const [name, pair] of Object.entries(pairs))
    test(`for the recipient '${name}' contains all rows`, async () => {
      const key = await recipientKey(pair)
      await fc.assert(
        fc.asyncProperty(content, async (original) => {
          const file = await written(key, recordsOf(original))
          assert.deepEqual(
            await readBackup(file, { kind: 'identity', text: pair.identity }),
            expected(original),
          )
        }),
        { numRuns: 25 },
      )
    })

  test('with several chunks is read completely', async () => {
    const file = await written(nativeKey, recordsOf(large))
    assert.deepEqual(await readBackup(file, identity), expected(large))
  })

  test('with a changed bit is refused', async () => {
    const file = await written(nativeKey, recordsOf(sample))
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await refuses(changed, identity, /damaged|not a Signet backup/)
    }
  })

  test('that is truncated or has trailing bytes is refused', async () => {
    const file = await written(nativeKey, recordsOf(sample))
    for (let length = 0; length < file.length; length += 1) await refuses(file.subarray(0, length))
    await refuses(Buffer.concat([file, Buffer.of(0)]))
    await refuses(Buffer.concat([file, file]))
  })

  test('with missing, repeated, reordered or foreign chunks is refused', async () => {
    const file = await written(nativeKey, recordsOf(large))
    const other = await written(nativeKey, recordsOf(large))
    const chunksOf = (from: Buffer): Buffer[] => {
      const start = payloadStart(from) + nonceBytes
      const count = Math.ceil((from.length - start) / sealedChunkBytes)
      return Array.from({ length: count }, (_, number) =>
        from.subarray(start + number * sealedChunkBytes, start + (number + 1) * sealedChunkBytes),
      )
    }
    const all = chunksOf(file)
    assert.ok(all.length >= 4)
    const [, second, third] = all as [Buffer, Buffer, Buffer]
    const head = file.subarray(0, payloadStart(file) + nonceBytes)
    for (const chunks of [
      [],
      ...all.map((_, number) => all.slice(0, number)),
      all.slice(1),
      all.toSpliced(1, 1),
      all.toSpliced(1, 0, second),
      all.toSpliced(1, 2, third, second),
      all.toSpliced(1, 1, chunksOf(other)[1]!),
      [...all, Buffer.alloc(16)],
    ])
      await refuses(Buffer.concat([head, ...chunks]), identity, /content was changed or truncated/)
    assert.deepEqual(await readBackup(Buffer.concat([head, ...all]), identity), expected(large))
  })

  test('with an end record that does not match its rows is refused even if it is authentic', async () => {
    const records = recordsOf(sample)
    for (const changed of [
      [],
      records.slice(0, -1),
      records.slice(1),
      records.toSpliced(1, 1),
      records.toSpliced(2, 1),
      records.toSpliced(1, 0, records[0]!),
      [...records, ...records.slice(-1)],
      [...records, Buffer.of(0, 0, 0, 1)],
    ])
      await refuses(await written(nativeKey, changed))
  })

  test('with other content or a later format is refused even if it is authentic', async () => {
    const json = Buffer.from('h{"format":"signet-backup-3"}')
    const length = Buffer.of(0, 0, 0, json.length)
    await refuses(await written(nativeKey, [length, json]), identity, /cannot read/)
    const pieces: Uint8Array[] = []
    for await (const bytes of encrypt(nativeKey, Readable.from([Buffer.from('a letter')])))
      pieces.push(bytes)
    await refuses(Buffer.concat(pieces), identity, /is not a backup/)
  })

  test('does not contain its content in plaintext', async () => {
    const file = await written(nativeKey, recordsOf(sample))
    for (const plaintext of ['master-key', '0.1.0', sample.masterKey])
      assert.equal(file.includes(Buffer.from(plaintext as string)), false)
  })

  test('in an armored age file is refused, and the error contains the command that decodes the file', async () => {
    const armored = Buffer.from('-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n')
    await refuses(armored, identity, /armored age file; decode it first/)
  })
})
