import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import {
  createBucket,
  deleteBucket,
  listBuckets,
  listObjects,
  openObject,
  readBucket,
  type NewBucket,
} from './embedded-buckets.ts'
import { encodeFooter, fileNameOf, type ObjectInfo } from './object-file.ts'

const accountId = '111122223333'
const createdAt = new Date('2027-01-02T03:04:05Z')

async function newDirectory(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'buckets-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'data', 'objects')
}

const bucket = (name: string): NewBucket => ({ name, accountId, createdAt })

const problem = (message: RegExp) => (error: unknown) =>
  error instanceof ConfigurationError && message.test(error.message)

function info(key: string): ObjectInfo {
  return {
    key,
    acl: 'PUBLIC_READ',
    contentType: 'application/pkix-crl',
    etag: 'e',
    size: 3,
    lastModified: createdAt,
  }
}

async function writeObject(directory: string, name: string, key: string): Promise<string> {
  const path = join(directory, name, fileNameOf(key))
  await writeFile(path, Buffer.concat([Buffer.from('abc'), encodeFooter(info(key))]))
  return path
}

test('a new bucket is listed with its account and has mode 0700', async (t) => {
  const directory = await newDirectory(t)
  assert.deepEqual(await listBuckets(directory), [])
  await createBucket(directory, bucket('second'))
  await createBucket(directory, bucket('first'))
  await writeObject(directory, 'second', 'key')
  assert.deepEqual(await listBuckets(directory), [
    { ...bucket('first'), objects: 0 },
    { ...bucket('second'), objects: 1 },
  ])
  assert.deepEqual(await readBucket(directory, 'first'), { accountId, createdAt })
  assert.deepEqual((await readdir(directory)).toSorted(), ['first', 'second'])
  for (const path of [directory, join(directory, 'first')])
    assert.equal((await stat(path)).mode & 0o777, 0o700)
  assert.equal((await stat(join(directory, 'first', 'bucket.json'))).mode & 0o777, 0o600)
})

test('a bucket name can be used only once', async (t) => {
  const directory = await newDirectory(t)
  const makers = ['a', 'b', 'c'].map(async (id) =>
    createBucket(directory, { ...bucket('crls'), accountId: id }),
  )
  const outcomes = await Promise.allSettled(makers)
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(failures.length, 2)
  for (const { reason } of failures) assert.ok(problem(/the bucket crls already exists/)(reason))
  assert.deepEqual(await readdir(directory), ['crls'])
})

test('bucket names that violate the rules of S3 or equal a path of the server are refused', async (t) => {
  const directory = await newDirectory(t)
  const bad = ['', 'ab', 'a'.repeat(64), 'Upper', 'under_score', '-begin', 'end-', '.begin', 'end.']
  const worse = ['a..b', '192.168.5.4', 'xn--bcher', 'my-s3alias', '..', '../up', 'a/b', 'a\0b']
  for (const name of [...bad, ...worse])
    await assert.rejects(createBucket(directory, bucket(name)), problem(/naming rules/), name)
  for (const name of ['ca', 'ocsp', 'healthz', 'metrics'])
    await assert.rejects(createBucket(directory, bucket(name)), problem(/reserved/), name)
  for (const name of ['abc', 'a'.repeat(63), 'crl.example.com', '1-2.3'])
    await createBucket(directory, bucket(name))
  assert.equal((await listBuckets(directory)).length, 4)
})

test('a name that leads out of the folder matches no bucket and no object', async (t) => {
  const directory = await newDirectory(t)
  await createBucket(directory, bucket('crls'))
  const outside = join(directory, '..')
  await writeFile(join(outside, 'bucket.json'), '{"accountId":"1","createdAt":"2027-01-01"}')
  await writeObject(outside, '.', 'key')
  for (const name of ['..', '.', '../objects/crls', 'crls/../crls', '']) {
    assert.equal(await readBucket(directory, name), undefined)
    assert.equal(await openObject(directory, { bucket: name, key: 'key' }), undefined)
    await assert.rejects(listObjects(directory, name), problem(/the bucket .* does not exist/))
    await assert.rejects(deleteBucket(directory, name), problem(/the bucket .* does not exist/))
  }
  assert.equal((await listBuckets(directory)).length, 1)
})

test('an empty bucket can be deleted, and its name can be used again', async (t) => {
  const directory = await newDirectory(t)
  await assert.rejects(deleteBucket(directory, 'crls'), problem(/the bucket crls does not exist/))
  await createBucket(directory, bucket('crls'))
  const path = await writeObject(directory, 'crls', 'key')
  await assert.rejects(deleteBucket(directory, 'crls'), problem(/not empty: it contains 1 objects/))
  assert.equal((await listObjects(directory, 'crls')).length, 1)
  await rm(path)
  await writeFile(join(directory, 'crls', '.put-left-over'), 'x')
  await deleteBucket(directory, 'crls')
  assert.deepEqual(await readdir(directory), [])
  await createBucket(directory, { ...bucket('crls'), accountId: 'another' })
  assert.equal((await readBucket(directory, 'crls'))?.accountId, 'another')
})

test('of two concurrent deletions of a bucket, one succeeds', async (t) => {
  const directory = await newDirectory(t)
  await createBucket(directory, bucket('crls'))
  const outcomes = await Promise.allSettled([
    deleteBucket(directory, 'crls'),
    deleteBucket(directory, 'crls'),
  ])
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(failures.length, 1)
  assert.ok(
    problem(/the bucket crls does not exist/)(failures[0]?.reason),
    String(failures[0]?.reason),
  )
  assert.deepEqual(await readdir(directory), [])
})

test('listObjects sorts by key and omits damaged and unfinished objects', async (t) => {
  const directory = await newDirectory(t)
  await createBucket(directory, bucket('crls'))
  for (const key of ['b', 'a', 'crl/Z', 'crl/a']) await writeObject(directory, 'crls', key)
  const damaged = await writeObject(directory, 'crls', 'damaged')
  await writeFile(damaged, 'cut short')
  await writeFile(join(directory, 'crls', '.put-0123'), 'begun')
  await mkdir(join(directory, 'crls', 'f'.repeat(64)))
  assert.deepEqual(await listObjects(directory, 'crls'), ['a', 'b', 'crl/Z', 'crl/a'].map(info))
  assert.equal(await openObject(directory, { bucket: 'crls', key: 'damaged' }), undefined)
})

test('a key that is not valid UTF-8 does not match the object whose key has the replacement character', async (t) => {
  const directory = await newDirectory(t)
  await createBucket(directory, bucket('crls'))
  await writeObject(directory, 'crls', '\ufffd')
  const object = await openObject(directory, { bucket: 'crls', key: '\ufffd' })
  assert.equal(object?.key, '\ufffd')
  await object?.close()
  assert.equal(await openObject(directory, { bucket: 'crls', key: '\ud800' }), undefined)
})
