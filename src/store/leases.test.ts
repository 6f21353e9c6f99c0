import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { systemRandom } from '../random.ts'
import { claimEvents } from './events.ts'
import { latestPlausibleTime, newLease, releaseLeases, renewLease } from './leases.ts'
import { sql } from './sql.ts'

const now = new Date(Date.UTC(2026, 0))
const minute = 60_000

test('a lease has a token and lasts for twenty seconds', () => {
  const leases = Array.from({ length: 100 }, () => newLease(systemRandom, now))
  assert.equal(new Set(leases.map(({ token }) => token)).size, 100)
  for (const lease of leases) {
    assert.equal(lease.now, now)
    assert.equal(lease.until.getTime() - now.getTime(), 20_000)
  }
})

test('the times of new leases and of the longest retry are plausible', () => {
  const plausible = latestPlausibleTime(now)
  assert.ok(newLease(systemRandom, now).until.getTime() < plausible)
  assert.ok(now.getTime() + 15 * minute < plausible)
  assert.ok(now.getTime() + 24 * 60 * minute > plausible)
})

test('only the holder can renew a lease, which then lasts for twenty seconds again', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await db.transaction([
    sql`insert into events (event, created_at_ms, failures, retry_at_ms, lease_until_ms)
      values ('{}', 0, 0, 0, 0)`,
  ])
  const after = (milliseconds: number): Date => new Date(now.getTime() + milliseconds)
  const lease = newLease(systemRandom, now)
  const other = newLease(systemRandom, after(39_999))
  await db.transaction([claimEvents(lease, 1)])
  const [renewed = []] = await db.transaction([renewLease('events', lease, after(20_000))])
  assert.equal(renewed.length, 1)
  assert.deepEqual(await db.transaction([claimEvents(other, 1)]), [[]])
  assert.deepEqual(await db.transaction([renewLease('events', other, after(20_000))]), [[]])
  const [taken = []] = await db.transaction([
    claimEvents({ ...other, now: after(40_000), until: after(60_000) }, 1),
  ])
  assert.equal(taken.length, 1)
  assert.deepEqual(await db.transaction([renewLease('events', lease, after(40_000))]), [[]])
})

test('of two connections that claim one row repeatedly, exactly one succeeds each time', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const second = await database.openAgain()
  await db.transaction([
    sql`insert into events (event, created_at_ms, failures, retry_at_ms, lease_until_ms)
      values ('{}', 0, 0, 0, 0)`,
  ])
  for (let round = 0; round < 30; round += 1) {
    const at = new Date(now.getTime() + round * 2 * minute)
    const claims = await Promise.all(
      [db, second, db, second].map(async (one) => {
        const lease = newLease(systemRandom, at)
        const [rows = []] = await one.transaction([claimEvents(lease, 10)])
        return { token: lease.token, rows }
      }),
    )
    const winners = claims.filter(({ rows }) => rows.length === 1)
    assert.equal(winners.length, 1, `round ${round}`)
    const [row] = await db.query(sql`select lease from events`)
    assert.equal(row?.['lease'], winners[0]?.token)
  }
  await second.close()
})

test('releaseLeases releases the leases of all four tables and changes nothing else', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      values ('ca', 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    sql`insert into crls (authority_number, name, kind, certificates, last_not_after, changes,
        published_changes, failures, retry_at_ms, lease, lease_until_ms, crl_number)
      values (1, 'ca', 'COMPLETE', 0, 0, 0, 0, 3, 77, 'x', 99, 8)`,
    sql`insert into audit_reports (report_id, authority_number, bucket, object_key, format, status,
        created_at_ms, failures, retry_at_ms, lease, lease_until_ms)
      values ('r', 1, 'b', 'k', 'JSON', 'CREATING', 0, 3, 77, 'x', 99)`,
    sql`insert into events (event, created_at_ms, failures, retry_at_ms, lease, lease_until_ms)
      values ('{}', 0, 3, 77, 'x', 99)`,
    sql`update search_progress set certificate_number = 5, lease = 'x', lease_until_ms = 99`,
  ])
  await db.transaction(releaseLeases())
  const [progress] = await db.query(
    sql`select certificate_number, lease, lease_until_ms from search_progress`,
  )
  assert.deepEqual(progress, { certificate_number: 5, lease: null, lease_until_ms: 0 })
  for (const read of [
    sql`select * from crls`,
    sql`select * from audit_reports`,
    sql`select * from events`,
  ]) {
    const [row] = await db.query(read)
    assert.deepEqual([row?.['lease'], row?.['lease_until_ms']], [null, 0], read.text)
    assert.deepEqual([row?.['failures'], row?.['retry_at_ms']], [3, 77], read.text)
  }
  const [{ crl_number: number } = {}] = await db.query(sql`select crl_number from crls`)
  assert.equal(number, 8)
})
