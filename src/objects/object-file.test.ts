import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import {
  encodeFooter,
  fileNameOf,
  openObjectFile,
  type ObjectInfo,
  type OpenObject,
} from './object-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'object-file-'))
after(() => rm(folder, { recursive: true }))
const path = join(folder, 'object')

const wholeSeconds = fc
  .integer({ min: 0, max: 4_102_444_800 })
  .map((seconds) => new Date(seconds * 1000))

const infos: fc.Arbitrary<Omit<ObjectInfo, 'size'>> = fc.record(
  {
    key: fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
    acl: fc.constantFrom('PUBLIC_READ', 'BUCKET_OWNER_FULL_CONTROL'),
    contentType: fc.string({ maxLength: 60 }),
    etag: fc.string({ maxLength: 40 }),
    lastModified: wholeSeconds,
    expires: wholeSeconds,
  },
  { requiredKeys: ['key', 'acl', 'contentType', 'etag', 'lastModified'], noNullPrototype: true },
)

const sampleInfo: ObjectInfo = {
  key: 'crl/one.crl',
  acl: 'PUBLIC_READ',
  contentType: 'application/pkix-crl',
  etag: '0123',
  size: 300,
  lastModified: new Date('2027-01-02T03:04:05Z'),
}
const sampleBody = Buffer.from(Array.from({ length: sampleInfo.size }, (_, index) => index % 256))
const sampleFile = Buffer.concat([sampleBody, encodeFooter(sampleInfo)])
const sampleName = fileNameOf(sampleInfo.key)

async function opened(file: Uint8Array, name: string): Promise<OpenObject | undefined> {
  await writeFile(path, file)
  return openObjectFile(path, name)
}

/** Returns whether a file is accepted as an object, and closes it. */
async function counts(file: Uint8Array): Promise<boolean> {
  const object = await opened(file, sampleName)
  await object?.close()
  return object !== undefined
}

test('any key, body and metadata are read back unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(infos, fc.uint8Array({ maxLength: 3000 }), async (rest, body) => {
      const info: ObjectInfo = { ...rest, size: body.length }
      const file = Buffer.concat([body, encodeFooter(info)])
      const object = await opened(file, fileNameOf(info.key))
      assert.ok(object !== undefined)
      const { stream, close, ...found } = object
      assert.deepEqual(found, info)
      assert.ok((await buffer(stream())).equals(body))
      await close()
    }),
    { numRuns: 300 },
  )
})

test('any range of the body can be read', async () => {
  const length = 200_000
  const body = Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31) % 251))
  const object = await opened(
    Buffer.concat([body, encodeFooter({ ...sampleInfo, size: length })]),
    sampleName,
  )
  assert.ok(object !== undefined)
  const offset = fc.integer({ min: 0, max: length - 1 })
  await fc.assert(
    fc.asyncProperty(offset, offset, async (one, other) => {
      const [start, end] = one < other ? [one, other] : [other, one]
      assert.ok((await buffer(object.stream({ start, end }))).equals(body.subarray(start, end + 1)))
    }),
    { numRuns: 60 },
  )
  for (const range of [
    { start: 0, end: length },
    { start: -1, end: 5 },
    { start: 6, end: 5 },
    { start: length, end: length },
  ])
    assert.throws(() => object.stream(range), RangeError)
  await object.close()
  await object.close()
})

test('a truncated object is treated as absent', async () => {
  assert.equal(await counts(sampleFile), true)
  for (let length = 0; length < sampleFile.length; length += 1)
    assert.equal(await counts(sampleFile.subarray(0, length)), false, `${length} bytes`)
})

test('an object with extra bytes before or after it is treated as absent', async () => {
  assert.equal(await counts(Buffer.concat([sampleFile, Buffer.alloc(1)])), false)
  assert.equal(await counts(Buffer.concat([Buffer.alloc(1), sampleFile])), false)
})

test('an object with any bit of its footer flipped is treated as absent', async () => {
  for (let place = sampleInfo.size; place < sampleFile.length; place += 1) {
    const flipped = Buffer.from(sampleFile)
    flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 8))
    assert.equal(await counts(flipped), false, `octet ${place}`)
  }
})

test('random bytes are treated as an absent object', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, marked) => {
      const end = marked ? sampleFile.subarray(-4) : Buffer.alloc(0)
      assert.equal(await counts(Buffer.concat([bytes, end])), false)
    }),
    { numRuns: 200 },
  )
})

test('an object with another key, a folder and a missing file are treated as absent', async () => {
  assert.equal(await opened(sampleFile, fileNameOf('another')), undefined)
  assert.equal(await openObjectFile(folder, sampleName), undefined)
  assert.equal(await openObjectFile(join(folder, 'missing'), sampleName), undefined)
  assert.equal(await openObjectFile(join(path, 'below-a-file'), sampleName), undefined)
})

test('truncating a body while it is read causes an error', async () => {
  const length = 300_000
  const info = { ...sampleInfo, size: length }
  const object = await opened(Buffer.concat([Buffer.alloc(length), encodeFooter(info)]), sampleName)
  assert.ok(object !== undefined)
  await truncate(path, 200_000)
  await assert.rejects(buffer(object.stream()), /truncated/)
  await object.close()
})

test('metadata that is too long to be read back is refused', () => {
  assert.throws(() => encodeFooter({ ...sampleInfo, contentType: 'x'.repeat(70_000) }), RangeError)
  const escaped = { ...sampleInfo, key: '\u0001'.repeat(1024) }
  assert.ok(encodeFooter(escaped).length < 10_000, 'the longest key fits')
})

test('any other error during the reading of an object is thrown', async () => {
  const tooLong = join(folder, 'x'.repeat(300))
  await assert.rejects(openObjectFile(tooLong, sampleName), { code: 'ENAMETOOLONG' })
})
