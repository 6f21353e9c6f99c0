import { systemClock } from '../clock.ts'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestDatabase, TestFolder } from '../../test/support/database.ts'
import type { Clock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom as random } from '../random.ts'
import { SealError } from '../sealer.ts'
import type { Database } from '../store/database.ts'
import { createKeyRecords } from '../store/keys.ts'
import type { DataFolder } from './data-folder.ts'
import {
  deriveSealer,
  masterKeyId,
  masterKeyText,
  newMasterKey,
  recordMasterKey,
} from './master-key.ts'
import { openMasterKeyRing, type MasterKeyRing } from './master-key-ring.ts'
import {
  endRotation,
  replaceKeyFile,
  rewrapSecrets,
  startRotation,
  type RotationContext,
} from './rotate-master-key.ts'
import { openTokenKeys } from './rotation.ts'

class SetClock implements Clock {
  milliseconds = Date.UTC(2030, 0, 1)

  now(): Date {
    return new Date(this.milliseconds)
  }
}

interface World extends AsyncDisposable {
  readonly db: Database
  readonly clock: SetClock
  readonly path: string
  /** Opens the key ring of a process that started with the key in the file. */
  readonly open: () => Promise<MasterKeyRing>
  readonly rotate: (ring: MasterKeyRing) => Promise<void>
}

async function openWorld(): Promise<World> {
  const database = await TestDatabase.open()
  const folder = new TestFolder()
  const clock = new SetClock()
  const path = folder.file('master.key')
  const { db } = database
  const first = newMasterKey({ path }, random)
  writeFileSync(path, masterKeyText(first), { mode: 0o600 })
  await recordMasterKey(db, first)
  const keys = [Uint8Array.from(first.bytes)]
  return {
    db,
    clock,
    path,
    open: () =>
      openMasterKeyRing({ bytes: Uint8Array.from(keys[0] ?? []), path }, { db, clock, random }),
    async rotate(masterKeys) {
      const data = { db, masterKeys } as unknown as DataFolder
      const actor = { principal: 'test' }
      const context: RotationContext = { data, actor, clock, random, progress: () => {} }
      const rotation = await startRotation(context)
      await rewrapSecrets(context, rotation)
      await replaceKeyFile(rotation)
      await endRotation(context, rotation, { endSessions: false })
      await masterKeys.refresh()
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

test('a process that missed a rotation reads the new key from its file when it meets the new ID', async () => {
  await using world = await openWorld()
  const [rotating, idle] = [await world.open(), await world.open()]
  await world.rotate(rotating)
  const { masterKeyId: id, sealer } = rotating.sealers('keys').current()
  const sealed = sealer.seal('name', Buffer.from('secret'))
  const found = await idle.sealers('keys').find(id)
  assert.equal(Buffer.from(found.open('name', sealed)).toString(), 'secret')
  assert.equal(idle.currentId, rotating.currentId)
})

test('many concurrent refreshes share two reads of the database, and none of them returns an older read', async () => {
  await using world = await openWorld()
  const rotating = await world.open()
  const masterKey = { bytes: Uint8Array.from(rotating.current.bytes), path: world.path }
  let reads = 0
  let hold: Promise<void> | undefined
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const query: Database['query'] = async (statement) => {
    reads += 1
    const rows = await world.db.query(statement)
    if (hold !== undefined) begin()
    await hold
    return rows
  }
  const db = { query } as Pick<Database, 'query'> as Database
  const ring = await openMasterKeyRing(masterKey, { db, clock: world.clock, random })
  const { promise, resolve } = Promise.withResolvers<void>()
  hold = promise
  reads = 0
  const early = ring.refresh()
  await begun
  // The first read returns the rows from before the rotation.
  await world.rotate(rotating)
  const late = [
    ...Array.from({ length: 50 }, () => ring.refresh()),
    ...Array.from({ length: 50 }, () => ring.sealers('keys').find(rotating.currentId)),
  ]
  resolve()
  await Promise.all([early, ...late])
  assert.equal(reads, 2)
  assert.equal(ring.currentId, rotating.currentId)
  await ring.refresh()
  assert.equal(reads, 3)
})

test('a failed refresh is not shared with later calls', async () => {
  await using world = await openWorld()
  const ring = await world.open()
  let isBroken = false
  const query: Database['query'] = (statement) =>
    isBroken ? Promise.reject(new Error('no connection')) : world.db.query(statement)
  const db = { query } as Pick<Database, 'query'> as Database
  const masterKey = { bytes: Uint8Array.from(ring.current.bytes), path: world.path }
  const other = await openMasterKeyRing(masterKey, { db, clock: world.clock, random })
  isBroken = true
  const failed = await Promise.allSettled([other.refresh(), other.refresh()])
  assert.deepEqual(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  isBroken = false
  await other.refresh()
})

test('a process without the new key keeps its key, and says which key it lacks', async () => {
  await using world = await openWorld()
  const [rotating, idle] = [await world.open(), await world.open()]
  const old = idle.currentId
  const oldText = masterKeyText(idle.current)
  await world.rotate(rotating)
  writeFileSync(world.path, oldText, { mode: 0o600 })
  await assert.rejects(idle.refresh(), (error: Error) => {
    assert.ok(error instanceof ConfigurationError)
    assert.match(error.message, new RegExp(`needs the key with the ID ${rotating.currentId}`))
    return true
  })
  await assert.rejects(idle.sealers('keys').find(rotating.currentId), SealError)
  assert.equal(idle.currentId, old)
})

test('a key that a process seals under a replaced master key is not stored', async () => {
  await using world = await openWorld()
  const [rotating, idle] = [await world.open(), await world.open()]
  await world.rotate(rotating)
  const record = (ring: MasterKeyRing) => {
    const { masterKeyId: id, sealer } = ring.sealers('keys').current()
    const dataKeySealed = sealer.seal('name', random.bytes(32))
    return {
      name: 'name',
      algorithm: 'EC_prime256v1' as const,
      subjectPublicKeyInfo: random.bytes(8),
      masterKeyId: id,
      dataKeySealed,
      privateKeySealed: random.bytes(8),
    }
  }
  const records = createKeyRecords(world.db, systemClock)
  assert.equal(await records.insertIfAbsent(record(idle)), undefined)
  assert.equal(await records.find('name'), undefined)
  assert.ok(await records.insertIfAbsent(record(rotating)))
})

test('during a rotation both keys open the database, tokens stay under the old key, and only secrets move', async () => {
  await using world = await openWorld()
  const [rotating, running] = [await world.open(), await world.open()]
  const token = rotating.tokenSealer('session tokens').seal('id', Buffer.from('before'))
  const data = { db: world.db, masterKeys: rotating } as unknown as DataFolder
  const { previous, next } = await startRotation({
    data,
    actor: { principal: 'test' },
    clock: world.clock,
    random,
    progress: () => {},
  })
  assert.equal(rotating.currentId, masterKeyId(next))
  // The other process has not read the new key yet.
  const during = rotating.tokenSealer('session tokens').seal('id', Buffer.from('during'))
  assert.equal(
    Buffer.from(running.tokenSealer('session tokens').open('id', during)).toString(),
    'during',
  )
  const options = { db: world.db, clock: world.clock, random }
  for (const key of [previous, next]) {
    const ring = await openMasterKeyRing({ ...key }, options)
    assert.equal(ring.currentId, masterKeyId(next))
    assert.equal(
      Buffer.from(ring.tokenSealer('session tokens').open('id', token)).toString(),
      'before',
    )
  }
  await assert.rejects(
    openMasterKeyRing(newMasterKey({ path: 'other' }, random), options),
    /a master key rotation is in progress/,
  )
})

test('a rotation reports that a long read keeps copies of the old secrets in the write-ahead log', async () => {
  await using world = await openWorld()
  const ring = await world.open()
  for (const [isTruncated, last] of [
    [false, 'log kept'],
    [true, 'finished'],
  ] as const) {
    const db: Database = { ...world.db, truncateLog: () => Promise.resolve(isTruncated) }
    const data = { db, masterKeys: ring } as unknown as DataFolder
    const steps: string[] = []
    const progress = (step: string): void => void steps.push(step)
    const context = { data, actor: { principal: 'test' }, clock: world.clock, random, progress }
    const rotation = await startRotation(context)
    await rewrapSecrets(context, rotation)
    await replaceKeyFile(rotation)
    await endRotation(context, rotation, { endSessions: false })
    await ring.refresh()
    assert.equal(steps.at(-1), last)
  }
})

test('an authenticator accepts MACs from before a rotation for 12 hours, and those of each process during a rotation', async () => {
  await using world = await openWorld()
  const [ring, other] = [await world.open(), await world.open()]
  const value = Buffer.from('value')
  const macs = [ring.tokenAuthenticator('acme nonces').macOf(value)]
  const data = { db: world.db, masterKeys: ring } as unknown as DataFolder
  const context = { data, actor: { principal: 'test' }, clock: world.clock, random, progress() {} }
  const rotation = await startRotation(context)
  macs.push(ring.tokenAuthenticator('acme nonces').macOf(value))
  for (const mac of macs) assert.ok(other.tokenAuthenticator('acme nonces').isValid(value, mac))
  await rewrapSecrets(context, rotation)
  await replaceKeyFile(rotation)
  await endRotation(context, rotation, { endSessions: false })
  await ring.refresh()
  const authenticator = ring.tokenAuthenticator('acme nonces')
  for (const mac of macs) assert.ok(authenticator.isValid(value, mac))
  assert.ok(!ring.tokenAuthenticator('page tokens').isValid(value, macs[0] ?? value))
  assert.notDeepEqual(authenticator.macOf(value), macs[0])
  world.clock.milliseconds += 43_500_000
  assert.ok(!authenticator.isValid(value, macs[0] ?? value))
})

test('token keys of an earlier version, which had fewer labels, authenticate nothing under the missing labels', async () => {
  const key = newMasterKey({ path: 'key' }, random)
  const old = deriveSealer(key, 'token keys', random).seal(
    'token keys',
    Buffer.from(
      JSON.stringify([{ id: 'x', until: '2040-01-01T00:00:00Z', keys: ['AAAA', 'BBBB'] }]),
    ),
  )
  const [opened] = openTokenKeys(old, key, random)
  assert.deepEqual(Object.keys(opened?.keys ?? {}), ['session tokens', 'page tokens'])
})

test('tokens from before a rotation are accepted for 12 hours, and then no longer', async () => {
  await using world = await openWorld()
  const ring = await world.open()
  const token = ring.tokenSealer('session tokens').seal('id', Buffer.from('token'))
  await world.rotate(ring)
  const open = (): string =>
    Buffer.from(ring.tokenSealer('session tokens').open('id', token)).toString()
  assert.equal(open(), 'token')
  world.clock.milliseconds += 43_200_000
  assert.equal(open(), 'token')
  assert.throws(() => ring.tokenSealer('page tokens').open('id', token), SealError)
  world.clock.milliseconds += 300_000
  assert.throws(open, SealError)
})
