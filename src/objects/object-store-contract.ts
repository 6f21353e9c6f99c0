/** The contract of ObjectStore: test cases that every implementation must pass. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import {
  BucketError,
  type ObjectLocation,
  type ObjectStore,
  type PutOptions,
} from './object-store.ts'

/** An object store with a separate bucket for each test case. The account may write to the bucket. */
export interface ContractSubject {
  readonly store: ObjectStore
  readonly bucket: string
  readonly accountId: string
}

export interface ObjectStoreCase {
  readonly name: string
  readonly run: (subject: ContractSubject) => Promise<void>
}

/** Object keys that are difficult to handle in paths, URLs and signatures. */
export const awkwardKeys: readonly string[] = [
  'crl/0b9f.crl',
  'crl/0B9F.crl',
  'crl',
  'a b',
  'a+b',
  'a%20b',
  'a%2Fb',
  'q?x=1&y=2#z',
  `!$&'()*,;=:@~_-.`,
  '"<>\\^`{|}',
  'Zürich/東京/𝕊🔐',
  'a\u0301',
  '\u00e1',
  'x'.repeat(1024),
]

/** Returns the options for writes by a test case. */
export function writing(subject: ContractSubject, signal?: AbortSignal): PutOptions {
  return {
    acl: 'BUCKET_OWNER_FULL_CONTROL',
    contentType: 'application/pkix-crl',
    accountId: subject.accountId,
    ...(signal === undefined ? {} : { signal }),
  }
}

/** Returns bytes whose values depend on their position. */
export function sample(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) % 251)
}

async function* pieces(body: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += length) {
    await delay(0)
    yield body.subarray(start, start + length)
  }
}

/** Yields the start of a body, and then waits for the promise that `then` returns. */
async function* begins(then: () => Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield sample(100_000)
  await then()
}

async function requireBody(
  store: ObjectStore,
  at: ObjectLocation,
  expected: Uint8Array,
): Promise<void> {
  const found = await store.get(at, expected.length)
  assert.ok(found !== undefined && Buffer.from(found).equals(expected), `${at.key} is as written`)
}

const noSuchBucket = (error: unknown): boolean =>
  error instanceof BucketError && error.reason === 'no-such-bucket'

const bodyCases: readonly ObjectStoreCase[] = [
  {
    name: 'a body is returned unchanged: empty, one byte, a mebibyte, a view of a larger buffer',
    async run(subject) {
      const { store, bucket } = subject
      const bodies = [sample(0), sample(1), sample(2 ** 20), sample(1000).subarray(7, 500)]
      for (const [index, body] of bodies.entries()) {
        const at = { bucket, key: `body-${index}` }
        const written = await store.put(at, body, writing(subject))
        assert.equal(written.size, body.length)
        await requireBody(store, at, body)
        assert.deepEqual(await store.head(at), written)
      }
    },
  },
  {
    name: 'a body in pieces of any size is returned whole, and head returns its length',
    async run(subject) {
      const { store, bucket } = subject
      const cases: readonly (readonly [size: number, piece: number])[] = [
        [0, 1],
        [5, 1],
        [300_000, 70_001],
        [3_000_000, 3_000_000],
      ]
      for (const [size, piece] of cases) {
        const at = { bucket, key: `pieces-${size}` }
        const body = sample(size)
        const written = await store.put(at, pieces(body, piece), writing(subject))
        assert.equal(written.size, size)
        await requireBody(store, at, body)
        assert.deepEqual(await store.head(at), written)
      }
    },
  },
  {
    name: 'a later put replaces the object and its etag, which has no quotes',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'replaced' }
      const first = await store.put(at, sample(500), writing(subject))
      const second = await store.put(at, sample(400, 1), writing(subject))
      assert.match(first.etag, /^[^"\s]+$/)
      assert.notEqual(second.etag, first.etag)
      assert.deepEqual(await store.head(at), second)
      await requireBody(store, at, sample(400, 1))
    },
  },
  {
    name: 'one of several concurrent puts replaces the object completely',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'contended' }
      const bodies = [0, 1, 2, 3, 4].map((seed) => sample(50_000 + seed, seed))
      await Promise.all(bodies.map((body) => store.put(at, pieces(body, 20_000), writing(subject))))
      const found = Buffer.from((await store.get(at, 100_000)) ?? [])
      assert.equal(bodies.filter((body) => found.equals(body)).length, 1)
      assert.equal((await store.head(at))?.size, found.length)
    },
  },
]

const lookCases: readonly ObjectStoreCase[] = [
  {
    name: 'every key has its own object',
    async run(subject) {
      const { store, bucket } = subject
      const bodyOf = (index: number): Uint8Array => sample(10 + index, index)
      for (const [index, key] of awkwardKeys.entries())
        await store.put({ bucket, key }, bodyOf(index), writing(subject))
      for (const [index, key] of awkwardKeys.entries())
        await requireBody(store, { bucket, key }, bodyOf(index))
    },
  },
  {
    name: 'a nonexistent object is undefined',
    async run({ store, bucket }) {
      for (const key of ['missing', ...awkwardKeys]) {
        assert.equal(await store.head({ bucket, key }), undefined)
        assert.equal(await store.get({ bucket, key }, 100), undefined)
      }
    },
  },
  {
    name: 'a nonexistent bucket is distinguished from a nonexistent object',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket: `${bucket}-not`, key: 'key' }
      assert.equal(await store.hasBucket(bucket), true)
      assert.equal(await store.hasBucket(at.bucket), false)
      await assert.rejects(store.head(at), noSuchBucket)
      await assert.rejects(store.get(at, 100), noSuchBucket)
      await assert.rejects(store.put(at, sample(1), writing(subject)), noSuchBucket)
      await assert.rejects(store.put(at, pieces(sample(9), 3), writing(subject)), noSuchBucket)
      assert.equal(await store.hasBucket(at.bucket), false)
    },
  },
  {
    name: 'get refuses an object above its limit and returns an object of exactly that size',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'limited' }
      await store.put(at, sample(70_000), writing(subject))
      await requireBody(store, at, sample(70_000))
      await assert.rejects(store.get(at, 69_999), RangeError)
      await assert.rejects(store.get(at, 0), RangeError)
    },
  },
]

const failureCases: readonly ObjectStoreCase[] = [
  {
    name: 'a put that is aborted before its start writes nothing',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'aborted-before' }
      const reason = new Error('not now')
      const options = writing(subject, AbortSignal.abort(reason))
      await assert.rejects(store.put(at, sample(10), options), (error) => error === reason)
      assert.equal(await store.head(at), undefined)
    },
  },
  {
    name: 'a put that is aborted while it waits for the body leaves the old object',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'aborted' }
      const reason = new Error('too slow')
      const aborter = new AbortController()
      await store.put(at, sample(50), writing(subject))
      const body = begins(async () => {
        setTimeout(() => aborter.abort(reason), 20)
        return new Promise(() => {})
      })
      const putting = store.put(at, body, writing(subject, aborter.signal))
      await assert.rejects(putting, (error) => error === reason)
      await requireBody(store, at, sample(50))
    },
  },
  {
    name: 'an error in the body rejects the put and leaves the old object',
    async run(subject) {
      const { store, bucket } = subject
      const at = { bucket, key: 'broken' }
      const failure = new Error('the source broke')
      await store.put(at, sample(50), writing(subject))
      const putting = store.put(
        at,
        begins(() => Promise.reject(failure)),
        writing(subject),
      )
      await assert.rejects(putting, (error) => error === failure)
      await requireBody(store, at, sample(50))
    },
  },
  {
    name: 'a signal that is not aborted keeps no listeners and can be used again',
    async run(subject) {
      const { store, bucket } = subject
      const { signal } = new AbortController()
      for (const key of ['first', 'second']) {
        const at = { bucket, key }
        await store.put(at, pieces(sample(300), 100), writing(subject, signal))
        await requireBody(store, at, sample(300))
      }
    },
  },
]

export const objectStoreContract: readonly ObjectStoreCase[] = [
  ...bodyCases,
  ...lookCases,
  ...failureCases,
]
