import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import type { Authority } from '../authority/authority.ts'
import {
  claimedIntentOf,
  claimIntents,
  failIntent,
  findFailedIntents,
  finishIntent,
  hastenIntents,
  insertIntent,
  postponeIntent,
  postponeOtherIntents,
  type ClaimedIntent,
} from './certificate-intents.ts'
import { ConflictError, type Database } from './database.ts'
import type { Lease } from './leases.ts'
import { sql } from './sql.ts'

const minute = 60_000
const start = Date.UTC(2026, 0)
const at = (offset: number): Date => new Date(start + offset)
const lease = (token: string, offset = 0): Lease => ({
  token,
  now: at(offset),
  until: at(offset + minute),
})

function intent(last: number, requestedAt = at(last)) {
  return {
    authorityNumber: 1,
    serialNumber: Buffer.alloc(16, last),
    signerNumber: undefined,
    templateName: 'EndEntityCertificate',
    signingAlgorithm: 'SHA256WITHECDSA',
    tbsCertificateDer: Uint8Array.of(last),
    notAfter: at(1000 * minute),
    crlId: undefined,
    requesterAccountId: '1',
    requesterService: undefined,
    requesterArn: 'arn:aws:iam::1:user/tester',
    requestedAt,
  } as const
}

/** Opens a database with a CA and some of its intents. */
async function openWith(...intents: readonly ReturnType<typeof intent>[]): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      values ('one', 'aws', 'r', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 1)`,
    sql`insert into certificate_counts (authority_number, issued) values (1, ${intents.length})`,
    ...intents.map((one) => insertIntent(one, 100)),
  ])
  return database
}

async function claim(db: Database, by: Lease, limit = 100): Promise<ClaimedIntent[]> {
  const [rows = []] = await db.transaction([claimIntents(by, limit)])
  return rows
    .map(claimedIntentOf)
    .toSorted((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime())
}

const lastBytes = (intents: readonly ClaimedIntent[]): number[] =>
  intents.map(({ serialNumber }) => serialNumber[0] ?? 0)

test('the oldest requests are claimed first, each by one process, until the lease expires', async () => {
  await using database = await openWith(intent(3), intent(1), intent(2))
  const { db } = database
  assert.deepEqual(lastBytes(await claim(db, lease('a', 10), 2)), [1, 2])
  assert.deepEqual(lastBytes(await claim(db, lease('b', 10))), [3])
  assert.deepEqual(lastBytes(await claim(db, lease('c', 10 + minute))), [1, 2, 3])
})

test('a claimed intent is read as it was stored', async () => {
  await using database = await openWith(intent(1))
  const [claimed] = await claim(database.db, lease('a', 10))
  assert.deepEqual(
    { ...claimed, tbsCertificateDer: Uint8Array.from(claimed?.tbsCertificateDer ?? []) },
    { ...intent(1), authorityId: 'one', failures: 0 },
  )
})

test('the number of waiting intents of a CA is limited; failed ones do not count', async () => {
  await using database = await openWith(intent(1), intent(2))
  const { db } = database
  const third = (): Promise<unknown> => db.transaction([insertIntent(intent(3), 2)])
  await assert.rejects(
    third(),
    (error) => error instanceof ConflictError && error.guard === 'waiting',
  )
  const by = lease('a', 10)
  const [first] = await claim(db, by, 1)
  assert.ok(first)
  await db.transaction(failIntent(first, { reason: 'late', time: at(20) }, by))
  await third()
  const [count] = await db.query(sql`select issued from certificate_counts`)
  assert.equal(count?.['issued'], 1)
  assert.deepEqual(lastBytes(await claim(db, lease('b', minute))), [2, 3])
  assert.deepEqual(await findFailedIntents(db, at(19), 10), [])
  assert.equal((await findFailedIntents(db, at(20), 10)).length, 1)
})

test('during an outage all intents of the CA are postponed, and after it all are due', async () => {
  await using database = await openWith(intent(1), intent(2), intent(3))
  const { db } = database
  const by = lease('a', 10)
  const [first] = await claim(db, by, 1)
  assert.ok(first)
  const retry = at(2 * minute)
  await db.transaction([postponeOtherIntents(1, retry, at(10)), postponeIntent(first, retry, by)])
  assert.deepEqual(await claim(db, lease('b', minute)), [])
  await db.transaction([hastenIntents(1)])
  const claimed = await claim(db, lease('c', minute))
  assert.deepEqual(
    claimed.map(({ failures }) => failures),
    [1, 0, 0],
  )
})

test('an intent is finished once, by the process with the lease, and only if its CA has not changed', async () => {
  await using database = await openWith(intent(1))
  const { db } = database
  const authority = { number: 1, revision: 1 } as Authority
  const paused = lease('a', 10)
  const [claimed] = await claim(db, paused)
  const other = lease('b', 10 + minute)
  const [again] = await claim(db, other)
  assert.ok(claimed !== undefined && again !== undefined)
  const finish = (one: ClaimedIntent, by: Lease, revision = 1): Promise<unknown> =>
    db.transaction([finishIntent(one, { ...authority, revision }, by)])
  const isConflict = (error: unknown): boolean =>
    error instanceof ConflictError && error.guard === 'lease'
  await assert.rejects(finish(claimed, paused), isConflict)
  await assert.rejects(finish(again, other, 2), isConflict)
  await finish(again, other)
  await assert.rejects(finish(again, other), isConflict)
  assert.deepEqual(await db.query(sql`select * from certificate_intents`), [])
})

test('retries and leases far in the future are ignored, because the clock was set back', async () => {
  await using database = await openWith(intent(1), intent(2))
  const { db } = database
  const year = 365 * 24 * 60 * minute
  const by = lease('a', year)
  const [first] = await claim(db, by, 1)
  assert.ok(first)
  await db.transaction([postponeIntent(first, at(year + minute), by)])
  await claim(db, lease('b', year))
  assert.deepEqual(lastBytes(await claim(db, lease('c', 10))), [1, 2])
})
