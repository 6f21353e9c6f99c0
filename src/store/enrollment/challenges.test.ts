import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcmeRows, keyThumbprint } from '../../../test/support/acme-rows.ts'
import { TestDatabase } from '../../../test/support/database.ts'
import { dayMilliseconds, minuteMilliseconds } from '../../text/duration.ts'
import { systemRandom } from '../../random.ts'
import type { Database } from '../database.ts'
import { listJobQueues } from '../job-outcomes.ts'
import { newLease } from '../leases.ts'
import {
  claimChallenges,
  dueChallengeOf,
  findRequestedChallenge,
  postponeChallenge,
  returnChallenge,
  storeInvalidChallenge,
  storeValidChallenge,
  type ChallengeResult,
} from './challenges.ts'

const now = new Date(Date.UTC(2026, 0))
const expiresAt = new Date(now.getTime() + dayMilliseconds)
const validUntil = new Date(now.getTime() + 30 * dayMilliseconds)
const error = '{"type":"urn:ietf:params:acme:error:dns","detail":"x"}'

async function open(): Promise<{ database: TestDatabase; db: Database; rows: AcmeRows }> {
  const database = await TestDatabase.open()
  return { database, db: database.db, rows: await AcmeRows.start(database.db) }
}

/** Claims all due challenges. Returns the values that the job passes to the statements, by the challenge's ID. */
async function claim(db: Database, at = now, limit = 100): Promise<Map<string, ChallengeResult>> {
  const lease = newLease(systemRandom, at)
  const [claimed = []] = await db.transaction([claimChallenges(lease, limit)])
  const results = new Map<string, ChallengeResult>()
  for (const row of claimed) {
    const challenge = await findRequestedChallenge(db, dueChallengeOf(row), at)
    assert.ok(challenge)
    results.set(challenge.id, { challenge, lease, now: at })
  }
  return results
}

async function claimOne(db: Database, at = now): Promise<ChallengeResult> {
  const [result, ...others] = [...(await claim(db, at)).values()]
  assert.ok(result)
  assert.deepEqual(others, [])
  return result
}

test('only challenges whose validation was requested are claimed, each by one process', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a', 'b', 'c'], expiresAt })
  await rows.request('a http-01', 'b http-01')
  const [first, second] = await Promise.all([claim(db, now, 1), claim(db)])
  assert.deepEqual([...first.keys(), ...second.keys()].toSorted(), ['a http-01', 'b http-01'])
  assert.equal((await claim(db)).size, 0)
  const later = new Date(now.getTime() + minuteMilliseconds)
  assert.equal((await claim(db, later)).size, 2)
})

test('an account with many challenges does not delay those of another account', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  const many = Array.from({ length: 100 }, (_each, index) => `many${index}`)
  await rows.insertOrder({ order: 'many', names: many, expiresAt })
  await rows.insertAccount('other', 'another key')
  await rows.insertOrder({ order: 'few', account: 'other', names: ['x', 'y'], expiresAt })
  await rows.request(...[...many, 'x', 'y'].map((name) => `${name} http-01`))
  const first = await claim(db, now, 8)
  assert.deepEqual([...first.keys()].toSorted().slice(-2), ['x http-01', 'y http-01'])
  assert.equal((await claim(db, now, 100)).size, 26, 'an account has at most 32 claimed challenges')
  assert.equal((await claim(db, now, 100)).size, 0)
  await rows.insertOrder({ order: 'late', account: 'other', names: ['z'], expiresAt })
  await rows.request('z http-01')
  assert.deepEqual([...(await claim(db)).keys()], ['z http-01'])
  const finished = first.get('many0 http-01')
  assert.ok(finished)
  await db.transaction(storeInvalidChallenge(finished, error))
  assert.equal((await claim(db)).size, 1)
})

test('many accounts with many challenges do not delay those of another account', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  for (let account = 0; account < 7; account += 1) {
    const names = Array.from({ length: 300 }, (_each, index) => `${account}-${index}`)
    await rows.insertAccount(`many${account}`, `key ${account}`)
    await rows.insertOrder({ order: `o${account}`, account: `many${account}`, names, expiresAt })
    await rows.request(...names.map((name) => `${name} http-01`))
  }
  await rows.insertOrder({ order: 'late', names: ['late'], expiresAt })
  await rows.request('late http-01')
  const claimed = [...(await claim(db, now, 32)).keys()]
  assert.equal(claimed.length, 32)
  assert.ok(claimed.includes('late http-01'))
  for (let account = 0; account < 7; account += 1)
    assert.ok(claimed.includes(`${account}-0 http-01`), 'the most overdue come first')
})

test('a claimed challenge has its identifier, its token and the thumbprint of the account', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], types: ['dns-01'], wildcard: true, expiresAt })
  await rows.request('a dns-01')
  const { challenge } = await claimOne(db)
  const { number, authorizationNumber, ...others } = challenge
  assert.ok(number > 0 && authorizationNumber > 0)
  assert.deepEqual(others, {
    id: 'a dns-01',
    failures: 0,
    type: 'dns-01',
    token: 'a dns-01',
    identifier: { type: 'dns', value: 'a' },
    wildcard: true,
    keyThumbprint,
    isOpen: true,
  })
})

test('a challenge is open only while its authorization is pending and its account is valid', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], expiresAt })
  await rows.request('a http-01')
  const { challenge } = await claimOne(db)
  const isOpen = async (at = now) => (await findRequestedChallenge(db, challenge, at))?.isOpen
  assert.equal(await isOpen(), true)
  assert.equal(await isOpen(expiresAt), false)
  await rows.setAccount({ status: 'deactivated' })
  assert.equal(await isOpen(), false)
  await rows.setAccount({})
  await rows.setAuthorization('a', 'deactivated')
  assert.equal(await isOpen(), false)
})

test('an order is ready once all its authorizations are valid', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'both', names: ['a', 'b'], expiresAt })
  await rows.insertOrder({ order: 'one', names: ['a'], expiresAt })
  await rows.insertOrder({ order: 'other', names: ['c'], expiresAt })
  await rows.request('a http-01', 'b http-01')
  const claimed = await claim(db)
  const orders = () => rows.statuses('order:both', 'order:one', 'order:other')
  const of = (id: string): ChallengeResult => claimed.get(id) ?? assert.fail(id)
  await db.transaction(storeValidChallenge(of('a http-01'), validUntil))
  assert.deepEqual(await orders(), ['pending', 'ready', 'pending'])
  await db.transaction(storeValidChallenge(of('b http-01'), validUntil))
  assert.deepEqual(await orders(), ['ready', 'ready', 'pending'])
  const { status, expires_at_ms } = await rows.authorization('a')
  assert.deepEqual([status, expires_at_ms], ['valid', validUntil.getTime()])
  const { lease, lease_until_ms, validated_at_ms, error: none } = await rows.challenge('a http-01')
  assert.deepEqual([lease, lease_until_ms, validated_at_ms, none], [null, 0, now.getTime(), null])
})

test('two authorizations of an order that become valid at the same time make the order ready', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  const second = await database.openAgain()
  for (let round = 0; round < 10; round += 1) {
    const names = [`a${round}`, `b${round}`]
    await rows.insertOrder({ order: `o${round}`, names, expiresAt })
    await rows.request(...names.map((name) => `${name} http-01`))
    const [one, other] = [...(await claim(db)).values()]
    assert.ok(one && other)
    await Promise.all([
      db.transaction(storeValidChallenge(one, validUntil)),
      second.transaction(storeValidChallenge(other, validUntil)),
    ])
    assert.deepEqual(await rows.statuses(`order:o${round}`), ['ready'])
  }
  await second.close()
})

test('an order with an expired authorization, or that has expired, does not become ready', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  const soon = new Date(now.getTime() + minuteMilliseconds)
  await rows.insertOrder({ order: 'old', names: ['old'], expiresAt: soon })
  await rows.setAuthorization('old', 'valid')
  await rows.insertOrder({ order: 'o', names: ['old', 'new'], expiresAt })
  await rows.insertOrder({ order: 'expired', names: ['new'], expiresAt: soon })
  await rows.request('new http-01')
  await db.transaction(storeValidChallenge(await claimOne(db, soon), validUntil))
  assert.deepEqual(await rows.statuses('order:o', 'order:expired'), ['pending', 'pending'])
})

test('an invalid challenge makes its authorization and the pending orders of this authorization invalid', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a', 'b'], types: ['http-01', 'dns-01'], expiresAt })
  await rows.insertOrder({ order: 'other', names: ['b'], expiresAt })
  await rows.request('a http-01', 'a dns-01')
  const claimed = await claim(db)
  const [http, dns] = [claimed.get('a http-01'), claimed.get('a dns-01')]
  assert.ok(http && dns)
  await db.transaction(storeInvalidChallenge(http, error))
  assert.deepEqual(
    await rows.statuses('order:o', 'order:other', 'authorization:a', 'authorization:b'),
    ['invalid', 'pending', 'invalid', 'pending'],
  )
  assert.equal((await rows.order('o'))['error'], error)
  assert.equal((await rows.challenge('a http-01'))['error'], error)
  assert.equal((await rows.authorization('a'))['expires_at_ms'], expiresAt.getTime())
  // The other challenge of the authorization is no longer validated, and its result is not stored.
  assert.deepEqual(await rows.statuses('challenge:a dns-01'), ['pending'])
  await assert.rejects(db.transaction(storeValidChallenge(dns, validUntil)), { guard: 'lease' })
  assert.deepEqual(await rows.statuses('authorization:a', 'challenge:a dns-01'), [
    'invalid',
    'pending',
  ])
})

test('a result is not stored if another process has claimed the challenge', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], expiresAt })
  await rows.request('a http-01')
  const late = await claimOne(db)
  const current = await claimOne(db, new Date(now.getTime() + minuteMilliseconds))
  for (const statements of [
    storeValidChallenge(late, validUntil),
    storeInvalidChallenge(late, error),
  ])
    await assert.rejects(db.transaction(statements), { guard: 'lease' })
  await db.transaction([
    returnChallenge(late.challenge, late.lease),
    postponeChallenge(late, { error, retryAt: now }),
  ])
  const { status, lease } = await rows.challenge('a http-01')
  assert.deepEqual([status, lease], ['processing', current.lease.token])
  await db.transaction(storeValidChallenge(current, validUntil))
  assert.deepEqual(await rows.statuses('order:o'), ['ready'])
})

test('a result is not stored after a change of the authorization or the account', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], expiresAt })
  await rows.request('a http-01')
  const result = await claimOne(db)
  for (const change of [
    () => rows.setAccount({ status: 'deactivated' }),
    () => rows.setAccount({ status: 'revoked' }),
    () => rows.setAccount({ key: 'another key' }),
    () => rows.setAuthorization('a', 'deactivated'),
  ]) {
    await change()
    for (const statements of [
      storeValidChallenge(result, validUntil),
      storeInvalidChallenge(result, error),
    ])
      await assert.rejects(db.transaction(statements), { guard: 'revision' })
    assert.deepEqual(await rows.statuses('order:o', 'challenge:a http-01'), [
      'pending',
      'processing',
    ])
    await rows.setAccount({})
  }
  const expired = { ...result, now: expiresAt }
  await rows.setAuthorization('a', 'pending')
  await assert.rejects(db.transaction(storeValidChallenge(expired, validUntil)), {
    guard: 'revision',
  })
  await db.transaction([returnChallenge(result.challenge, result.lease)])
  assert.deepEqual(await rows.statuses('challenge:a http-01'), ['pending'])
  assert.equal((await claim(db, new Date(now.getTime() + minuteMilliseconds))).size, 0)
})

test('a postponed challenge has the error of the attempt, and is claimed at the time of the next attempt', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], expiresAt })
  await rows.request('a http-01')
  const retryAt = new Date(now.getTime() + 5000)
  await db.transaction([postponeChallenge(await claimOne(db), { error, retryAt })])
  const { status, error: stored, failures } = await rows.challenge('a http-01')
  assert.deepEqual([status, stored, failures], ['processing', error, 1])
  assert.equal((await claim(db, new Date(retryAt.getTime() - 1))).size, 0)
  const queue = (await listJobQueues(db, now)).find(({ job }) => job === 'validate-challenges')
  assert.deepEqual(queue, { job: 'validate-challenges', due: 1, failing: 1, leased: 0 })
  assert.equal((await claimOne(db, retryAt)).challenge.failures, 1)
})

test('a challenge is due after the clock was set back by more than an hour', async () => {
  const { database, db, rows } = await open()
  await using _ = database
  await rows.insertOrder({ order: 'o', names: ['a'], expiresAt })
  await rows.request('a http-01')
  await db.transaction([
    postponeChallenge(await claimOne(db), { error, retryAt: new Date(now.getTime() + 5000) }),
  ])
  assert.equal((await claim(db, new Date(now.getTime() - dayMilliseconds))).size, 1)
})
