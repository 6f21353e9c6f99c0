/** Tests of the S3 object store with a real S3 service, a Ceph RADOS Gateway. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  awkwardKeys,
  objectStoreContract,
  sample,
} from '../../src/objects/object-store-contract.ts'
import { BucketError, type ObjectStore, type PutOptions } from '../../src/objects/object-store.ts'
import { createS3ObjectStore } from '../../src/objects/s3-object-store.ts'
import { startRadosGateway, type RadosGateway } from '../support/rados-gateway.ts'

interface Subject {
  readonly gateway: RadosGateway
  /** The owner's client, for calls that the ObjectStore interface lacks. */
  readonly owner: S3Client
  readonly store: ObjectStore
  /** Creates a bucket that belongs to the owner, and returns its name. */
  readonly newBucket: () => Promise<string>
}

const region = 'us-east-1'
const accountId = '111122223333'
const mebibyte = 2 ** 20

const privateOptions: PutOptions = {
  acl: 'BUCKET_OWNER_FULL_CONTROL',
  contentType: 'application/pkix-crl',
  accountId,
}
const publicOptions: PutOptions = { ...privateOptions, acl: 'PUBLIC_READ' }

const refused = (error: unknown): true => {
  assert.ok(error instanceof BucketError, String(error))
  assert.equal(error.reason, 'refused')
  return true
}

/** Creates a store that reads its credentials from the environment, as the server does. */
async function storeWith(
  { endpoint }: RadosGateway,
  keys: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<ObjectStore> {
  process.env['AWS_ACCESS_KEY_ID'] = keys.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = keys.secretAccessKey
  const store = await createS3ObjectStore({ endpoint, region })
  // The first request reads the credentials.
  await store.hasBucket('any')
  delete process.env['AWS_ACCESS_KEY_ID']
  delete process.env['AWS_SECRET_ACCESS_KEY']
  return store
}

async function subjectOf(t: TestContext, gateway: RadosGateway): Promise<Subject> {
  const store = await storeWith(gateway, gateway)
  const owner = new S3Client({
    endpoint: gateway.endpoint,
    region,
    forcePathStyle: true,
    credentials: gateway,
  })
  t.after(() => {
    store.close()
    owner.destroy()
  })
  let buckets = 0
  return {
    gateway,
    owner,
    store,
    async newBucket() {
      buckets += 1
      const Bucket = `bucket-${buckets}`
      await owner.send(new CreateBucketCommand({ Bucket }))
      return Bucket
    },
  }
}

/**
 * Returns a body that consists of distinct pieces of 1 MiB, and a function that returns the digest of the body after the body has
 * been read.
 */
function longBody(mebibytes: number) {
  const hash = createHash('sha256')
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let piece = 0; piece < mebibytes; piece += 1) {
      await delay(0)
      const bytes = sample(mebibyte, piece)
      hash.update(bytes)
      yield bytes
    }
  }
  return { body: body(), digest: () => hash.digest('hex') }
}

async function denyWriting({ owner }: Subject, Bucket: string): Promise<void> {
  const statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }))
}

async function acls({ store, newBucket }: Subject): Promise<void> {
  const bucket = await newBucket()
  const expires = new Date('2031-02-03T04:05:06Z')
  for (const [index, key] of awkwardKeys.entries()) {
    const at = { bucket, key }
    const url = store.urlOf(at, { partition: 'aws', region })
    await store.put(at, sample(100, index), { ...publicOptions, expires })
    const answer = await fetch(url)
    assert.equal(answer.status, 200, url)
    assert.equal(answer.headers.get('content-type'), 'application/pkix-crl')
    assert.equal(answer.headers.get('expires'), expires.toUTCString())
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), sample(100, index))

    await store.put(at, sample(100, index), privateOptions)
    const denied = await fetch(url)
    await denied.arrayBuffer()
    assert.equal(denied.status, 403, url)
  }
}

async function deniedByPolicy(subject: Subject): Promise<void> {
  const { store } = subject
  const bucket = await subject.newBucket()
  const at = { bucket, key: 'denied' }
  await denyWriting(subject, bucket)
  await assert.rejects(store.put(at, sample(10), privateOptions), refused)
  await assert.rejects(store.put(at, sample(8 * mebibyte), privateOptions), refused)
  await assert.rejects(store.put(at, longBody(20).body, privateOptions), refused)
  assert.equal(await store.head(at), undefined)
  assert.equal(await store.hasBucket(bucket), true)
}

async function publicAclsBlocked({ owner, store, newBucket }: Subject): Promise<void> {
  const bucket = await newBucket()
  await store.put({ bucket, key: 'before' }, sample(10), publicOptions)
  const block = { BlockPublicAcls: true }
  await owner.send(
    new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: block }),
  )
  await assert.rejects(store.put({ bucket, key: 'after' }, sample(10), publicOptions), refused)
  assert.equal(await store.head({ bucket, key: 'after' }), undefined)
}

async function wrongSecret({ gateway, newBucket }: Subject): Promise<void> {
  const bucket = await newBucket()
  const at = { bucket, key: 'key' }
  const secretAccessKey = 'not-the-secret-of-this-key'
  const store = await storeWith(gateway, { ...gateway, secretAccessKey })
  const withoutSecrets = (error: unknown): true => {
    refused(error)
    const disclosed = `${(error as Error).message} ${JSON.stringify(error)} ${String((error as Error).cause)}`
    for (const secret of [secretAccessKey, gateway.secretAccessKey, 'AWS4-HMAC'])
      assert.ok(!disclosed.includes(secret), disclosed)
    return true
  }
  await assert.rejects(store.put(at, sample(10), privateOptions), withoutSecrets)
  await assert.rejects(store.put(at, longBody(1).body, privateOptions), withoutSecrets)
  await assert.rejects(store.head(at), withoutSecrets)
  await assert.rejects(store.get(at, 100), withoutSecrets)
  assert.equal(
    await store.hasBucket(bucket),
    true,
    'the bucket exists, although it belongs to another user',
  )
  store.close()
}

async function multipart({ store, newBucket }: Subject): Promise<void> {
  const at = { bucket: await newBucket(), key: 'long.crl' }
  const { body, digest } = longBody(50)
  const written = await store.put(at, body, publicOptions)
  assert.equal(written.size, 50 * mebibyte)
  assert.match(written.etag, /-7$/, 'seven parts')
  assert.deepEqual(await store.head(at), written)

  const hash = createHash('sha256')
  const answer = await fetch(store.urlOf(at, { partition: 'aws', region }))
  assert.equal(answer.status, 200)
  for await (const chunk of answer.body ?? []) hash.update(chunk as Uint8Array)
  assert.equal(hash.digest('hex'), digest())
}

async function largeInOnePiece({ store, newBucket }: Subject): Promise<void> {
  const at = { bucket: await newBucket(), key: 'large.crl' }
  const body = sample(17 * mebibyte)
  const written = await store.put(at, body, privateOptions)
  assert.match(written.etag, /-3$/, 'three parts')
  assert.deepEqual(await store.head(at), written)
  assert.ok(Buffer.from((await store.get(at, body.length)) ?? []).equals(body))
}

async function uploadsOf({ owner }: Subject, Bucket: string): Promise<number> {
  const { Uploads = [] } = await owner.send(new ListMultipartUploadsCommand({ Bucket }))
  return Uploads.length
}

async function abortedInTheMiddle(subject: Subject): Promise<void> {
  const { store } = subject
  const bucket = await subject.newBucket()
  const at = { bucket, key: 'aborted.crl' }
  await store.put(at, sample(20), privateOptions)
  const aborter = new AbortController()
  const reason = new Error('enough')
  let uploadsMeanwhile = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let piece = 0; ; piece += 1) {
      if (piece === 20) {
        uploadsMeanwhile = await uploadsOf(subject, bucket)
        aborter.abort(reason)
      }
      yield sample(mebibyte, piece)
    }
  }
  const putting = store.put(at, endless(), { ...privateOptions, signal: aborter.signal })
  await assert.rejects(putting, (error) => error === reason)
  assert.equal(uploadsMeanwhile, 1)
  // The put operation does not wait until the store has removed the parts.
  for (let tries = 0; tries < 100 && (await uploadsOf(subject, bucket)) > 0; tries += 1)
    await delay(50)
  assert.equal(await uploadsOf(subject, bucket), 0)
  assert.equal((await store.head(at))?.size, 20)
}

async function stopped({ gateway, store, newBucket }: Subject): Promise<void> {
  const at = { bucket: await newBucket(), key: 'key' }
  const unreachable = (error: unknown): true => {
    assert.ok(error instanceof Error && !(error instanceof BucketError), String(error))
    assert.match(error.message, /ECONNREFUSED/)
    return true
  }
  await store.put(at, sample(10), privateOptions)
  await gateway.stop()
  const startedAt = performance.now()
  await assert.rejects(store.put(at, sample(11), privateOptions), unreachable)
  await assert.rejects(store.put(at, longBody(20).body, privateOptions), unreachable)
  await assert.rejects(store.head(at), unreachable)
  await assert.rejects(store.get(at, 100), unreachable)
  await assert.rejects(store.hasBucket(at.bucket), unreachable)
  assert.ok(performance.now() - startedAt < 15_000, 'all calls fail within the time limit')

  await gateway.startAgain()
  assert.equal((await store.head(at))?.size, 10)
  assert.equal((await store.put(at, sample(11), privateOptions)).size, 11)
}

test('a RADOS Gateway', async (t) => {
  const gateway = await startRadosGateway(t)
  if (gateway === undefined) return
  t.after(() => gateway.close())
  const subject = await subjectOf(t, gateway)

  for (const { name, run } of objectStoreContract)
    await t.test(name, async () =>
      run({ store: subject.store, bucket: await subject.newBucket(), accountId }),
    )
  await t.test('anyone can read a public object at its URL, but no private object', () =>
    acls(subject),
  )
  await t.test('a policy that denies writes causes a BucketError', () => deniedByPolicy(subject))
  await t.test('a bucket that blocks public ACLs causes a BucketError', () =>
    publicAclsBlocked(subject),
  )
  await t.test('wrong credentials cause a BucketError without the secrets', () =>
    wrongSecret(subject),
  )
  await t.test('50 MiB are uploaded in parts while they are generated', () => multipart(subject))
  await t.test('17 MiB in one piece are uploaded in parts', () => largeInOnePiece(subject))
  await t.test('an aborted put leaves no parts', () => abortedInTheMiddle(subject))
  await t.test('a stopped gateway causes errors, and a restarted one works again', () =>
    stopped(subject),
  )
})
