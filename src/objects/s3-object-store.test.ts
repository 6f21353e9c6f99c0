/** Tests of the S3 store with simulated responses. test/conformance/rados-gateway.test.ts uses a real store. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { sample } from './object-store-contract.ts'
import { BucketError, type ObjectStore, type PutOptions } from './object-store.ts'
import { createS3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts'

process.env['AWS_ACCESS_KEY_ID'] = 'access-key'
process.env['AWS_SECRET_ACCESS_KEY'] = 'a secret'

interface Answer {
  readonly status: number
  readonly code?: string
  readonly headers?: Readonly<Record<string, string>>
}

const at = { bucket: 'crls', key: 'crl/a b.crl' }
const options: PutOptions = {
  acl: 'PUBLIC_READ',
  contentType: 'application/pkix-crl',
  accountId: '111122223333',
}
const ours = { partition: 'aws', region: 'eu-central-1' }

/** Starts a server that answers every request with the same response and records the requests. */
async function answering(t: TestContext, { status, code, headers = {} }: Answer) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml', ...headers })
      const error = `<Error><Code>${code}</Code><Message>said so</Message></Error>`
      response.end(code === undefined || request.method === 'HEAD' ? '' : error)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store = await createS3ObjectStore({ endpoint, region: 'us-east-1' })
  t.after(() => {
    store.close()
    server.closeAllConnections()
    server.close()
  })
  return { store, requests }
}

/** Returns the outcome of a put: the reason in its BucketError, or a note that it failed with another error. */
async function outcome(store: ObjectStore, body: Parameters<ObjectStore['put']>[1] = sample(3)) {
  try {
    await store.put(at, body, options)
    return 'written'
  } catch (error) {
    assert.ok(error instanceof Error)
    assert.equal(error.cause, undefined)
    assert.equal(Object.keys(error).includes('$metadata'), false)
    return error instanceof BucketError ? error.reason : 'later'
  }
}

const outcomes: readonly (readonly [number, string, string])[] = [
  [404, 'NoSuchBucket', 'no-such-bucket'],
  [403, 'AccessDenied', 'refused'],
  [403, 'SignatureDoesNotMatch', 'refused'],
  [403, 'InvalidAccessKeyId', 'refused'],
  [405, 'MethodNotAllowed', 'refused'],
  [400, 'AccessControlListNotSupported', 'refused'],
  [400, 'InvalidBucketAclWithObjectOwnership', 'refused'],
  [301, 'PermanentRedirect', 'refused'],
  [400, 'RequestTimeout', 'later'],
  [409, 'OperationAborted', 'later'],
  [408, 'Timeout', 'later'],
  [429, 'TooManyRequests', 'later'],
  [500, 'InternalError', 'later'],
  [503, 'SlowDown', 'later'],
]

for (const [status, code, expected] of outcomes)
  test(`${status} ${code} is ${expected}`, async (t) => {
    const { store } = await answering(t, { status, code })
    assert.equal(await outcome(store), expected)
  })

test('temporary errors are retried up to three attempts, and a refusal is not retried', async (t) => {
  const busy = await answering(t, { status: 503, code: 'SlowDown' })
  await outcome(busy.store)
  assert.equal(busy.requests.length, 3)
  const closed = await answering(t, { status: 403, code: 'AccessDenied' })
  await outcome(closed.store)
  assert.equal(closed.requests.length, 1)
})

test('a put sends the metadata and no headers that older stores do not support', async (t) => {
  const { store, requests } = await answering(t, { status: 200, headers: { etag: '"e"' } })
  const expires = new Date('2031-02-03T04:05:06Z')
  assert.deepEqual(await store.put(at, sample(3), { ...options, expires }), { etag: 'e', size: 3 })
  const { headers, url, method } = requests[0]!
  assert.equal(`${method} ${url?.replace(/\?.*/, '')}`, 'PUT /crls/crl/a%20b.crl')
  assert.equal(headers['x-amz-acl'], 'public-read')
  assert.equal(headers['content-type'], 'application/pkix-crl')
  assert.equal(headers['content-length'], '3')
  assert.equal(new Date(headers['expires'] as string).getTime(), expires.getTime())
  assert.match(headers.authorization ?? '', /Credential=access-key\/\d+\/us-east-1\/s3\//)
  const unknown = Object.keys(headers).filter((name) => /checksum|trailer|expect$/.test(name))
  assert.deepEqual(unknown, [])
  await store.put(at, sample(3_000_000), { ...options, acl: 'BUCKET_OWNER_FULL_CONTROL' })
  assert.equal(requests[1]?.headers['x-amz-acl'], 'bucket-owner-full-control')
  assert.equal(requests[1]?.headers['content-length'], '3000000')
  assert.equal(requests[1]?.headers['expect'], undefined)
})

test('a response without an ETag is an error', async (t) => {
  const { store } = await answering(t, { status: 200 })
  assert.equal(await outcome(store), 'later')
})

test('hasBucket returns true for a bucket of another owner or in another Region', async (t) => {
  for (const [status, expected] of [
    [200, true],
    [403, true],
    [301, true],
    [404, false],
  ] as const) {
    const { store } = await answering(t, { status })
    assert.equal(await store.hasBucket('crls'), expected, `${status}`)
  }
  const { store } = await answering(t, { status: 500 })
  await assert.rejects(store.hasBucket('crls'), (error) => !(error instanceof BucketError))
})

test('a refused HEAD request is not reported as a missing object', async (t) => {
  const { store } = await answering(t, { status: 403 })
  const refused = (error: unknown) => error instanceof BucketError && error.reason === 'refused'
  await assert.rejects(store.head(at), refused)
  await assert.rejects(store.get(at, 10), refused)
})

test('error messages do not contain the password of an endpoint', async () => {
  const store = await createS3ObjectStore({
    endpoint: 'http://user:hidden@127.0.0.1:1',
    region: 'us-east-1',
  })
  await assert.rejects(store.put(at, sample(1), options), (error: Error) => {
    assert.match(error.message, /^crls\/crl\/a b\.crl: /)
    assert.doesNotMatch(`${error.message}${error.stack}`, /hidden/)
    return true
  })
  assert.equal(store.urlOf(at, ours), 'http://127.0.0.1:1/crls/crl/a%20b.crl')
  store.close()
})

const urls: readonly (readonly [Partial<S3ObjectStoreOptions>, string, string, string])[] = [
  [{}, 'aws', 'crls', 'http://crls.s3.eu-central-1.amazonaws.com/crl/a%20b.crl'],
  [{}, 'aws', 'a.crls', 'http://s3.eu-central-1.amazonaws.com/a.crls/crl/a%20b.crl'],
  [{}, 'aws-cn', 'crls', 'http://crls.s3.eu-central-1.amazonaws.com.cn/crl/a%20b.crl'],
  [{}, 'aws-us-gov', 'crls', 'http://crls.s3.eu-central-1.amazonaws.com/crl/a%20b.crl'],
  [{ endpoint: 'https://s3:9000/' }, 'aws', 'crls', 'https://s3:9000/crls/crl/a%20b.crl'],
  [
    { endpoint: 'https://s3:9000', publicUrl: 'http://crl.example.com/pki/' },
    'aws',
    'a.crls',
    'http://crl.example.com/pki/a.crls/crl/a%20b.crl',
  ],
]

for (const [place, partition, bucket, expected] of urls)
  test(`the URL ${expected}`, async () => {
    const store = await createS3ObjectStore({ region: 'us-east-1', ...place })
    assert.equal(store.urlOf({ ...at, bucket }, { ...ours, partition }), expected)
    store.close()
  })

test('the SDK is loaded only when an S3 store is created', async () => {
  const source = `
    import { registerHooks } from 'node:module'
    let loaded = 0
    registerHooks({ load(url, context, next) {
      if (url.includes('/@aws-sdk/')) loaded += 1
      return next(url, context)
    } })
    const { createS3ObjectStore } = await import('${resolve(import.meta.dirname, 's3-object-store.ts')}')
    const before = loaded
    await createS3ObjectStore({ region: 'us-east-1' })
    console.log(before, loaded > 0)`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    source,
  ])
  assert.equal(stdout, '0 true\n')
})
