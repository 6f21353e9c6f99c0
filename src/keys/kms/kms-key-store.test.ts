import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test'
import { KmsServer, useKmsCredentials } from '../../../test/support/kms-server.ts'
import { systemRandom as random } from '../../random.ts'
import { keyStoreContract, keyStoreKinds } from '../key-store-contract.ts'
import { KeyNotFoundError, KeyUnavailableError, type OpenKeyStore } from '../key-store.ts'
import type { KmsOptions } from './kms-client.ts'
import { createKmsKeyStore } from './kms-key-store.ts'

useKmsCredentials()
const message = Buffer.from('to be signed')
const opened: OpenKeyStore[] = []
let kms: KmsServer
before(async () => (kms = await KmsServer.start()))
beforeEach(() => {
  kms.fault = () => undefined
  kms.calls.length = 0
})
after(async () => {
  for (const each of opened) await each.close?.()
  await kms[Symbol.asyncDispose]()
})

function store(options: Partial<KmsOptions> = {}): OpenKeyStore {
  const { endpoint, region } = kms
  const created = createKmsKeyStore({ endpoint, region, random, ...options })
  opened.push(created)
  return created
}

suite('the key store kms', () => {
  for (const { name, run } of [...keyStoreKinds, ...keyStoreContract])
    test(name, () => run({ store: store(), other: store() }))
})

/** Counts requests for an operation. */
function count(operation: string): number {
  return kms.calls.filter((each) => each === operation).length
}

function unavailable(pattern: RegExp): (error: Error) => boolean {
  return (error) => {
    assert.ok(error instanceof KeyUnavailableError, String(error))
    assert.match(error.message, pattern)
    assert.doesNotMatch(error.message, /stand-in-secret/)
    return true
  }
}

suite('faults of KMS', () => {
  test('throttled requests and internal errors are repeated', async () => {
    const faults = ['throttle', 'internal', 'disconnect', 'throttle'] as const
    const keys = store()
    const { handle } = await keys.create('repeated', 'EC_prime256v1')
    kms.fault = () => faults[kms.calls.length - 1]
    kms.calls.length = 0
    assert.ok(await keys.sign(handle, 'SHA256WITHECDSA', message))
    assert.deepEqual(kms.calls, ['Sign', 'Sign', 'Sign', 'Sign', 'Sign'])
  })

  test('a key is unavailable after five throttled requests, and usable afterwards', async () => {
    const keys = store()
    const { handle } = await keys.create('throttled', 'EC_prime256v1')
    kms.fault = () => 'throttle'
    await assert.rejects(
      keys.sign(handle, 'SHA256WITHECDSA', message),
      unavailable(/ThrottlingException: Rate exceeded/),
    )
    assert.equal(count('Sign'), 5)
    kms.fault = () => undefined
    assert.ok(await keys.sign(handle, 'SHA256WITHECDSA', message))
  })

  test('a key is unavailable while KMS cannot be reached, and usable afterwards', async () => {
    const keys = store()
    const { handle } = await keys.create('outage', 'EC_prime256v1')
    await kms.stop()
    await assert.rejects(
      keys.sign(handle, 'SHA256WITHECDSA', message),
      unavailable(/cannot be used: .*ECONNREFUSED/),
    )
    await kms.resume()
    assert.ok(await keys.sign(handle, 'SHA256WITHECDSA', message))
  })

  test('a request without a response ends at the deadline', async () => {
    const keys = store({ deadlineMilliseconds: 300 })
    const { handle } = await keys.create('slow', 'EC_prime256v1')
    const { promise, resolve } = Promise.withResolvers<void>()
    kms.fault = () => ({ until: promise })
    await assert.rejects(
      keys.sign(handle, 'SHA256WITHECDSA', message),
      unavailable(/KMS has not responded for 0.3 s/),
    )
    resolve()
  })

  test('a signature of another key never leaves the store', async () => {
    const keys = store()
    for (const [algorithm, signing] of [
      ['EC_prime256v1', 'SHA256WITHECDSA'],
      ['RSA_2048', 'SHA256WITHRSA'],
      ['ML_DSA_44', 'ML_DSA_44'],
    ] as const) {
      const { handle } = await keys.create(`wrong-${algorithm}`, algorithm)
      kms.fault = () => 'wrong-signature'
      await assert.rejects(keys.sign(handle, signing, message), unavailable(/does not verify/))
      kms.fault = () => undefined
    }
  })

  test('denied access is reported once, with what to check and without the credentials', async () => {
    const keys = store()
    const { handle } = await keys.create('denied', 'EC_prime256v1')
    kms.fault = () => 'deny'
    await assert.rejects(
      keys.sign(handle, 'SHA256WITHECDSA', message),
      unavailable(/AccessDeniedException: User: .* check the credentials .* IAM policy/),
    )
    assert.equal(count('Sign'), 1)
    await assert.rejects(keys.create('denied-2', 'EC_prime256v1'), unavailable(/denied-2/))
  })
})

suite('states of keys', () => {
  test('a disabled key is unavailable, and usable again once it is enabled', async () => {
    const keys = store()
    const { handle } = await keys.create('disabled', 'EC_prime256v1')
    const key = kms.operations.find({ KeyId: 'alias/signet/disabled' })
    key.state = 'Disabled'
    await assert.rejects(
      keys.sign(handle, 'SHA256WITHECDSA', message),
      unavailable(/is disabled.*enable the key/),
    )
    key.state = 'Enabled'
    assert.ok(await keys.sign(handle, 'SHA256WITHECDSA', message))
  })

  test('a key whose deletion is scheduled is not found, and works after the deletion is cancelled', async () => {
    const keys = store()
    const { handle } = await keys.create('pending', 'EC_prime256v1')
    const key = kms.operations.find({ KeyId: 'alias/signet/pending' })
    key.state = 'PendingDeletion'
    await assert.rejects(keys.sign(handle, 'SHA256WITHECDSA', message), KeyNotFoundError)
    await assert.rejects(store().sign(handle, 'SHA256WITHECDSA', message), KeyNotFoundError)
    key.state = 'Enabled'
    assert.ok(await keys.sign(handle, 'SHA256WITHECDSA', message))
  })

  test('a destroyed key is pending deletion for seven days and has no alias', async () => {
    const keys = store()
    const { handle } = await keys.create('destroyed', 'EC_prime256v1')
    const key = kms.operations.find({ KeyId: 'alias/signet/destroyed' })
    for (const name of ['alias/signet/second', 'alias/of-the-operator'])
      kms.operations.createAlias({ AliasName: name, TargetKeyId: key.id })
    await keys.destroy(handle)
    assert.equal(key.state, 'PendingDeletion')
    const names = [...kms.operations.aliases].filter(([, target]) => target === key)
    assert.deepEqual(
      names.map(([name]) => name),
      ['alias/of-the-operator'],
    )
  })

  test('destroying a key that KMS has deleted is not an error', async () => {
    const keys = store()
    const unknown = `kms:arn:aws:kms:${kms.region}:111122223333:key/00000000-0000-4000-8000-000000000000`
    await keys.destroy(unknown)
    assert.deepEqual(kms.calls, ['ScheduleKeyDeletion', 'ListAliases'])
  })
})

suite('creation', () => {
  test('a key has a description and a tag with the name of its CA', async () => {
    await store().create('described', 'RSA_2048')
    const { options } = kms.operations.find({ KeyId: 'alias/signet/described' })
    assert.deepEqual(options, {
      spec: 'RSA_2048',
      usage: 'SIGN_VERIFY',
      description: 'Private key of the Signet CA described',
      tags: [{ TagKey: 'signet-ca', TagValue: 'described' }],
    })
  })

  test('of concurrent creations, the keys that were not needed are deleted', async () => {
    const earlier = kms.operations.keys.length
    const stores = [store(), store(), store()]
    const created = await Promise.all(stores.map((each) => each.create('race', 'EC_prime256v1')))
    assert.equal(new Set(created.map(({ handle }) => handle)).size, 1)
    const enabled = kms.operations.keys.slice(earlier).filter(({ state }) => state === 'Enabled')
    assert.deepEqual([`kms:${enabled[0]?.arn}`], [created[0]?.handle])
    assert.equal(enabled.length, 1)
  })

  test('the response to CreateAlias may be lost', async () => {
    kms.fault = (operation, input) => {
      if (operation !== 'CreateAlias' || count('CreateAlias') > 1) return undefined
      kms.operations.createAlias(input)
      return 'disconnect'
    }
    const { handle } = await store().create('lost-response', 'EC_prime256v1')
    const key = kms.operations.find({ KeyId: 'alias/signet/lost-response' })
    assert.deepEqual([handle, key.state], [`kms:${key.arn}`, 'Enabled'])
  })

  test('an interrupted creation is completed by the next one', async () => {
    kms.fault = (operation) => (operation === 'GetPublicKey' ? 'deny' : undefined)
    const keys = store()
    await assert.rejects(keys.create('interrupted', 'EC_prime256v1'), KeyUnavailableError)
    kms.fault = () => undefined
    const { handle } = await keys.create('interrupted', 'EC_prime256v1')
    assert.equal(count('CreateKey'), 1)
    assert.equal(handle, `kms:${kms.operations.find({ KeyId: 'alias/signet/interrupted' }).arn}`)
  })

  test('repeated attempts use the same key while its alias cannot be created', async () => {
    kms.fault = (operation) => (operation === 'CreateAlias' ? 'deny' : undefined)
    const keys = store()
    const create = (): ReturnType<typeof keys.create> => keys.create('unnamed', 'EC_prime256v1')
    for (let attempt = 0; attempt < 3; attempt += 1)
      await assert.rejects(create(), unavailable(/AccessDenied/))
    await assert.rejects(keys.create('unnamed', 'EC_secp384r1'), unavailable(/AccessDenied/))
    assert.equal(count('CreateKey'), 2)
    kms.fault = () => undefined
    await create()
    assert.equal(count('CreateKey'), 2)
  })

  test('a name that cannot be an alias is refused', async () => {
    for (const name of ['', 'a b', 'ä', 'x'.repeat(201)])
      await assert.rejects(store().create(name, 'EC_prime256v1'), TypeError)
  })
})

test('messages longer than 4096 bytes are signed with every kind of key', async () => {
  const keys = store()
  const long = Buffer.alloc(3 * 1024 * 1024 + 7, 'signet')
  for (const [algorithm, signing, hash] of [
    ['EC_secp521r1', 'SHA256WITHECDSA', 'sha256'],
    ['EC_prime256v1', 'SHA512WITHECDSA', 'sha512'],
    ['RSA_2048', 'SHA384WITHRSA', 'sha384'],
    ['ML_DSA_44', 'ML_DSA_44', null],
    ['ML_DSA_65', 'ML_DSA_65', null],
    ['ML_DSA_87', 'ML_DSA_87', null],
  ] as const) {
    const { handle, subjectPublicKeyInfo } = await keys.create(`long-${algorithm}`, algorithm)
    const key = createPublicKey({
      key: Buffer.from(subjectPublicKeyInfo),
      format: 'der',
      type: 'spki',
    })
    assert.ok(verify(hash, long, key, await keys.sign(handle, signing, long)), algorithm)
  }
})

test('wrong credentials are reported without what KMS says about the request', async () => {
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong-secret'
  try {
    await assert.rejects(
      store().create('unsigned', 'EC_prime256v1'),
      unavailable(/InvalidSignatureException: KMS rejected the signature/),
    )
  } finally {
    useKmsCredentials()
  }
})

suite('the end of requests', () => {
  /** Sends a request that KMS receives but does not answer before the test ends. */
  async function signUnanswered(
    keys: OpenKeyStore,
    t: Pick<TestContext, 'after'>,
  ): Promise<{ readonly signature: Promise<Uint8Array> }> {
    const { handle } = await keys.create('unanswered', 'EC_prime256v1')
    const { promise: until, resolve } = Promise.withResolvers<void>()
    const { promise: received, resolve: receive } = Promise.withResolvers<void>()
    t.after(() => resolve())
    kms.fault = () => {
      receive()
      return { until }
    }
    const signature = keys.sign(handle, 'SHA256WITHECDSA', message)
    signature.catch(() => {})
    await received
    return { signature }
  }

  test('a closed store ends its requests, and accepts no further ones', async (t) => {
    const keys = store()
    const { signature } = await signUnanswered(keys, t)
    await keys.close?.()
    await assert.rejects(signature, unavailable(/the server is stopping/))
    await assert.rejects(keys.create('after-close', 'EC_prime256v1'), unavailable(/is stopping/))
  })

  test('requests of a server that begins to stop end before their deadline', async (t) => {
    const stopping = new AbortController()
    const keys = store({ stopping: stopping.signal, deadlineMilliseconds: 1000 })
    const { signature } = await signUnanswered(keys, t)
    stopping.abort()
    await assert.rejects(signature, unavailable(/the server is stopping/))
  })

  test('the deadline also ends a request that waits for credentials', async (t) => {
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => {
      useKmsCredentials()
      delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
      silent.close()
      silent.closeAllConnections()
    })
    delete process.env['AWS_ACCESS_KEY_ID']
    const { port } = silent.address() as AddressInfo
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://127.0.0.1:${port}/`
    await assert.rejects(
      store({ deadlineMilliseconds: 200 }).create('waits', 'EC_prime256v1'),
      unavailable(/KMS has not responded for 0.2 seconds/),
    )
  })
})
