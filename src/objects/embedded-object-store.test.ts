import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import { createBucket, deleteBucket, listObjects } from './embedded-buckets.ts'
import { createEmbeddedObjectStore } from './embedded-object-store.ts'
import type { OpenObject } from './object-file.ts'
import { awkwardKeys, objectStoreContract, sample, writing } from './object-store-contract.ts'
import { BucketError } from './object-store.ts'

const accountId = '111122223333'
const region = { partition: 'aws', region: 'eu-central-1' }
const mebibyte = 2 ** 20

async function newSubject(t: TestContext, clock = systemClock) {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'))
  t.after(() => rm(folder, { recursive: true }))
  const directory = join(folder, 'objects')
  const bucket = 'crls'
  await createBucket(directory, { name: bucket, accountId, createdAt: systemClock.now() })
  const publicUrl = 'http://127.0.0.1:8080/'
  const store = createEmbeddedObjectStore({ directory, publicUrl, clock, random: systemRandom })
  return { directory, store, bucket, accountId }
}

async function namesIn({ directory, bucket }: { directory: string; bucket: string }) {
  return (await readdir(join(directory, bucket))).toSorted()
}

async function closed(object: OpenObject | undefined): Promise<OpenObject | undefined> {
  await object?.close()
  return object
}

const refused = (error: unknown): boolean =>
  error instanceof BucketError && error.reason === 'refused'

for (const { name, run } of objectStoreContract) test(name, async (t) => run(await newSubject(t)))

test('a bucket of another account refuses an object', async (t) => {
  const subject = await newSubject(t)
  const { store, bucket } = subject
  const options = { ...writing(subject), accountId: '444455556666' }
  await assert.rejects(store.put({ bucket, key: 'key' }, sample(1), options), refused)
  assert.deepEqual(await namesIn(subject), ['bucket.json'])
})

test('invalid keys are refused', async (t) => {
  const subject = await newSubject(t)
  const { store, bucket } = subject
  for (const key of ['', 'x'.repeat(1025), 'é'.repeat(513), 'lone \ud800'])
    await assert.rejects(store.put({ bucket, key }, sample(1), writing(subject)), refused)
  assert.deepEqual(await namesIn(subject), ['bucket.json'])
})

test('a written object can be opened with its etag and a time in whole seconds, and its file has mode 0600', async (t) => {
  const now = new Date('2027-01-02T03:04:05.678Z')
  const subject = await newSubject(t, { now: () => now })
  const { store, directory, bucket } = subject
  const at = { bucket, key: 'crl/one.crl' }
  const expires = new Date('2027-01-09T03:04:05Z')
  const body = sample(3000)
  await store.put(at, body, { ...writing(subject), acl: 'PUBLIC_READ', expires })
  const expected = {
    key: at.key,
    acl: 'PUBLIC_READ',
    contentType: 'application/pkix-crl',
    etag: createHash('sha256').update(body).digest('hex').slice(0, 32),
    size: 3000,
    lastModified: new Date('2027-01-02T03:04:05Z'),
    expires,
  }
  assert.deepEqual(await listObjects(directory, bucket), [expected])
  const object = await store.open(at)
  assert.ok(object !== undefined)
  const { stream: _stream, close, ...info } = object
  assert.deepEqual(info, expected)
  await close()
  for (const name of await namesIn(subject))
    assert.equal((await stat(join(directory, bucket, name))).mode & 0o777, 0o600)
})

test('an open object stays readable after it is replaced or its bucket is deleted', async (t) => {
  const subject = await newSubject(t)
  const { store, directory, bucket } = subject
  const at = { bucket, key: 'key' }
  await store.put(at, Buffer.from('old '.repeat(50_000)), writing(subject))
  const object = await store.open(at)
  assert.ok(object !== undefined)
  await store.put(at, Buffer.from('new'), writing(subject))
  await rm(join(directory, bucket), { recursive: true })
  assert.equal(await text(object.stream()), 'old '.repeat(50_000))
  await object.close()
})

test('writing an object fails with no-such-bucket if the bucket is deleted meanwhile', async (t) => {
  const subject = await newSubject(t)
  const { store, directory, bucket } = subject
  async function* body(): AsyncGenerator<Uint8Array> {
    yield sample(10)
    await deleteBucket(directory, bucket)
    yield sample(10)
  }
  await assert.rejects(
    store.put({ bucket, key: 'key' }, body(), writing(subject)),
    (error) => error instanceof BucketError && error.reason === 'no-such-bucket',
  )
  assert.deepEqual(await readdir(directory), [])
})

test('a bucket with a new object cannot be deleted', async (t) => {
  const subject = await newSubject(t)
  const { store, directory, bucket } = subject
  const at = { bucket, key: 'key' }
  for (let round = 0; round < 100; round += 1) {
    const putting = store.put(at, sample(10), writing(subject))
    const deleting = delay(round % 4).then(() => deleteBucket(directory, bucket))
    const [put, deleted] = await Promise.allSettled([putting, deleting])
    assert.ok(put.status !== deleted.status || put.status === 'rejected', `round ${round}`)
    assert.equal((await store.open(at).then(closed)) !== undefined, put.status === 'fulfilled')
    await rm(join(directory, bucket), { recursive: true, force: true })
    await createBucket(directory, { name: bucket, accountId, createdAt: systemClock.now() })
  }
})

test('a file system error is not a BucketError', async (t) => {
  const subject = await newSubject(t)
  const { store, bucket } = subject
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
  async function* body(): AsyncGenerator<Uint8Array> {
    yield sample(10)
    throw missing
  }
  const at = { bucket, key: 'key' }
  await assert.rejects(store.put(at, body(), writing(subject)), (error) => error === missing)
  const long = { ...writing(subject), contentType: 'x'.repeat(70_000) }
  await assert.rejects(store.put(at, sample(10), long), RangeError)
  assert.deepEqual(await namesIn(subject), ['bucket.json'])
})

test('a failed or aborted put leaves no file', async (t) => {
  const subject = await newSubject(t)
  const { store, bucket } = subject
  const aborter = new AbortController()
  async function* body(): AsyncGenerator<Uint8Array> {
    yield sample(10)
    aborter.abort()
    yield sample(10)
  }
  await assert.rejects(
    store.put({ bucket, key: 'key' }, body(), writing(subject, aborter.signal)),
    { name: 'AbortError' },
  )
  assert.deepEqual(await namesIn(subject), ['bucket.json'])
})

test('a later put removes old temporary files and keeps recent ones', async (t) => {
  let now = systemClock.now()
  const subject = await newSubject(t, { now: () => now })
  const { store, directory, bucket } = subject
  const put = async (key: string) => store.put({ bucket, key }, sample(1), writing(subject))
  const age = async (name: string, minutesOld: number) => {
    const at = new Date(Date.now() - minutesOld * 60_000)
    await utimes(join(directory, bucket, name), at, at)
  }
  const leave = async (name: string, minutesOld: number) => {
    await writeFile(join(directory, bucket, name), 'begun')
    await age(name, minutesOld)
  }
  const left = async () => (await namesIn(subject)).filter((name) => name.startsWith('.'))
  await leave('.put-old', 61)
  await leave('.put-young', 59)
  await put('first')
  assert.deepEqual(await left(), ['.put-young'])
  await age('.put-young', 61)
  await put('second')
  assert.deepEqual(await left(), ['.put-young'])
  now = new Date(now.getTime() + 3_601_000)
  await put('third')
  assert.deepEqual(await left(), [])
  assert.equal((await listObjects(directory, bucket)).length, 3)
})

test('changing the clock does not delete a file that is being written', async (t) => {
  let now = systemClock.now()
  const subject = await newSubject(t, { now: () => now })
  const { store, bucket } = subject
  const put = async (key: string, body: AsyncIterable<Uint8Array> | Uint8Array) =>
    store.put({ bucket, key }, body, writing(subject))
  for (const hours of [72, -72, 2]) {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield sample(10)
      now = new Date(Date.now() + hours * 3_600_000)
      await put(`meanwhile, ${hours}`, sample(1))
      yield sample(10)
    }
    await put(`slow, ${hours}`, body())
    assert.equal((await store.head({ bucket, key: `slow, ${hours}` }))?.size, 20)
  }
})

test('URLs contain the key and escape only characters that a path must not contain', async (t) => {
  const { store } = await newSubject(t)
  const url = (key: string) => store.urlOf({ bucket: 'crls', key }, region)
  assert.equal(url('crl/1-2_3~4.crl'), 'http://127.0.0.1:8080/crls/crl/1-2_3~4.crl')
  assert.equal(url(`a b+c%?#$&'(),;=:@`), "http://127.0.0.1:8080/crls/a%20b%2Bc%25%3F%23$&'(),;=:@")
  assert.equal(url('Zürich'), 'http://127.0.0.1:8080/crls/Z%C3%BCrich')
  for (const key of awkwardKeys) {
    assert.equal(new URL(url(key)).href.replace(/^.*\/\/[^/]*/, ''), `/crls/${url(key).slice(27)}`)
    assert.equal(decodeURIComponent(new URL(url(key)).pathname), `/crls/${key}`)
  }
})

/** Runs a program in a separate process against the object store in a folder. */
function program(directory: string, body: string) {
  const source = `
    import { createEmbeddedObjectStore } from '${resolve(import.meta.dirname, 'embedded-object-store.ts')}'
    import { systemClock } from '${resolve(import.meta.dirname, '../clock.ts')}'
    import { systemRandom } from '${resolve(import.meta.dirname, '../random.ts')}'
    const store = createEmbeddedObjectStore({
      directory: ${JSON.stringify(directory)}, publicUrl: '', clock: systemClock, random: systemRandom,
    })
    const at = { bucket: 'crls', key: 'key' }
    const options = { acl: 'PUBLIC_READ', contentType: 'a/b', accountId: '${accountId}' }
    ${body}`
  return spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('a process killed during a put leaves the old object', async (t) => {
  const subject = await newSubject(t)
  const { store, directory, bucket } = subject
  const at = { bucket, key: 'key' }
  const old = await store.put(at, sample(5000), writing(subject))
  const child = program(
    directory,
    `async function* body() {
       for (let piece = 0; ; piece += 1) {
         if (piece === 5) console.log('writing')
         yield new Uint8Array(${mebibyte})
         await new Promise((resolve) => setTimeout(resolve, 1))
       }
     }
     await store.put(at, body(), options)`,
  )
  await once(child.stdout, 'data')
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  assert.deepEqual(await exited, [null, 'SIGKILL'])
  assert.equal((await namesIn(subject)).filter((name) => name.startsWith('.put-')).length, 1)
  assert.deepEqual(await store.head(at), old)
  assert.ok(Buffer.from((await store.get(at, 5000)) ?? []).equals(sample(5000)))
  assert.deepEqual(
    (await listObjects(directory, bucket)).map(({ key, size }) => [key, size]),
    [['key', 5000]],
  )
})

test('a process killed at any time leaves a complete object', async (t) => {
  const subject = await newSubject(t)
  const { store, directory, bucket } = subject
  const at = { bucket, key: 'key' }
  for (let round = 0; round < 8; round += 1) {
    const child = program(
      directory,
      `for (let length = 1; ; length += 1) {
         await store.put(at, new Uint8Array(100_000 + length).fill(length % 256), options)
         if (length === 1) console.log('writing')
       }`,
    )
    await once(child.stdout, 'data')
    await delay(round * 7)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    const found = await store.get(at, 10_000_000)
    assert.ok(found !== undefined)
    assert.ok(found.every((octet) => octet === (found.length - 100_000) % 256))
    assert.equal((await store.head(at))?.size, found.length)
  }
})

test('writing and reading 200 MB needs only a few MB of memory', async (t) => {
  const { directory } = await newSubject(t)
  const child = program(
    directory,
    `const pieces = 200
     async function* body() {
       for (let piece = 0; piece < pieces; piece += 1) yield new Uint8Array(${mebibyte}).fill(piece)
     }
     const peak = () => process.resourceUsage().maxRSS / 1024
     const before = peak()
     const { size } = await store.put(at, body(), options)
     const object = await store.open(at)
     let read = 0
     for await (const chunk of object.stream()) read += chunk.length
     await object.close()
     console.log(JSON.stringify({ size, read, grown: peak() - before }))`,
  )
  const said = JSON.parse(await text(child.stdout)) as { size: number; read: number; grown: number }
  assert.equal(said.size, 200 * mebibyte)
  assert.equal(said.read, 200 * mebibyte)
  assert.ok(said.grown < 100, `${said.grown} MiB more`)
})
