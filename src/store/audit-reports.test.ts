import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import {
  auditReportWorkOf,
  claimAuditReports,
  findAuditReport,
  finishAuditReport,
  insertAuditReport,
  postponeAuditReport,
  type AuditReport,
  type AuditReportWork,
} from './audit-reports.ts'
import { ConflictError, type Database } from './database.ts'
import type { Lease } from './leases.ts'
import { sql } from './sql.ts'

const minute = 60_000
const day = 24 * 60 * minute
const start = Date.UTC(2026, 0)

function at(offset: number): Date {
  return new Date(start + offset)
}

function lease(token: string, offset = 0): Lease {
  return { token, now: at(offset), until: at(offset + 2 * minute) }
}

/** Opens a database with CAs numbered from 1, with the ids `ca-1`, `ca-2` and so on. */
async function openWith(authorities: number): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    ...Array.from(
      { length: authorities },
      (_, index) =>
        sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
            key_storage_security_standard, configuration, revocation_configuration, status,
            created_at_ms, last_state_change_at_ms, revision)
          values (${`ca-${index + 1}`}, 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    ),
  ])
  return database
}

function report(id: string, authorityNumber = 1, createdAt = at(0)): AuditReport {
  return {
    id,
    authorityNumber,
    bucket: 'b',
    key: `audit-report/${id}.json`,
    format: 'JSON',
    status: 'CREATING',
    createdAt,
  }
}

/** Inserts an audit report, with a minimum interval of half an hour between reports. */
async function insert(db: Database, auditReport: AuditReport): Promise<void> {
  const since = new Date(auditReport.createdAt.getTime() - 30 * minute)
  await db.transaction([insertAuditReport(auditReport, since)])
}

async function claim(db: Database, by: Lease, limit = 100): Promise<AuditReportWork[]> {
  const [rows = []] = await db.transaction([claimAuditReports(by, limit)])
  return rows.map(auditReportWorkOf)
}

async function ids(db: Database, by: Lease): Promise<string[]> {
  return (await claim(db, by)).map(({ id }) => id).toSorted()
}

test('a CA has at most one audit report per half hour, and one in state CREATING', async () => {
  await using database = await openWith(2)
  const { db } = database
  await insert(db, report('a'))
  await assert.rejects(insert(db, report('b', 1, at(day))), ConflictError)
  await insert(db, report('other', 2))
  const [first] = await claim(db, lease('x'), 1)
  assert.deepEqual(first, { ...report('a'), authorityId: 'ca-1', failures: 0 })
  await db.transaction([finishAuditReport(first, 'SUCCESS', lease('x'))])
  await assert.rejects(insert(db, report('b', 1, at(30 * minute - 1))), ConflictError)
  await insert(db, report('b', 1, at(30 * minute)))
  assert.equal((await findAuditReport(db, 'a'))?.status, 'SUCCESS')
  assert.equal(await findAuditReport(db, 'none'), undefined)
})

test('a failed audit report, or one from the future, does not block the next one', async () => {
  await using database = await openWith(1)
  const { db } = database
  await insert(db, report('a'))
  const [first] = await claim(db, lease('x'))
  await db.transaction([finishAuditReport(first!, 'FAILED', lease('x'))])
  await insert(db, report('b', 1, at(1)))
  const [second] = await claim(db, lease('x'))
  await db.transaction([finishAuditReport(second!, 'SUCCESS', lease('x'))])
  await insert(db, report('c', 1, at(-day)))
  assert.deepEqual(await ids(db, lease('y', -day)), ['c'])
})

test('of twenty concurrent requests for an audit report, one succeeds', async () => {
  await using database = await openWith(1)
  const { db } = database
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => insert(db, report(`r${index}`))),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal((await claim(db, lease('x'))).length, 1)
})

test('forty concurrent claims on two connections claim each of 60 audit reports once', async () => {
  await using database = await openWith(60)
  const { db } = database
  for (let number = 1; number <= 60; number += 1) await insert(db, report(`r${number}`, number))
  const second = await database.openAgain()
  const claims = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      claim(index % 2 === 0 ? db : second, lease(`${index}`), 2),
    ),
  )
  await second.close()
  const expected = Array.from({ length: 60 }, (_, index) => `r${index + 1}`)
  assert.deepEqual(
    claims
      .flat()
      .map(({ id }) => id)
      .toSorted(),
    expected.toSorted(),
  )
})

test('a process that lost its lease cannot finish an audit report', async () => {
  await using database = await openWith(1)
  const { db } = database
  await insert(db, report('a'))
  const first = lease('first')
  const [work] = await claim(db, first)
  assert.ok(work)
  const second = lease('second', 2 * minute)
  assert.deepEqual(await ids(db, lease('second', 2 * minute - 1)), [])
  assert.deepEqual(await ids(db, second), ['a'])
  const before = await db.query(sql`select * from audit_reports`)
  for (const status of ['SUCCESS', 'FAILED'] as const)
    await assert.rejects(db.transaction([finishAuditReport(work, status, first)]), ConflictError)
  await db.transaction([postponeAuditReport(work, at(day), first)])
  assert.deepEqual(await db.query(sql`select * from audit_reports`), before)
  await db.transaction([finishAuditReport(work, 'SUCCESS', second)])
  assert.deepEqual(await ids(db, lease('third', day)), [], 'a finished report is not claimed again')
})

test('an audit report that was not written waits for its retry, even if the clock is set back', async () => {
  await using database = await openWith(1)
  const { db } = database
  await insert(db, report('a'))
  const [work] = await claim(db, lease('x'))
  await db.transaction([postponeAuditReport(work!, at(5000), lease('x'))])
  assert.deepEqual(await ids(db, lease('y', 4999)), [])
  const [again] = await claim(db, lease('y', 5000))
  assert.equal(again?.failures, 1)
  assert.deepEqual(await ids(db, lease('z', -day)), ['a'], 'a lease that ends tomorrow')
  await db.transaction([postponeAuditReport(again, at(0), lease('z', -day))])
  assert.deepEqual(await ids(db, lease('z', -2 * day)), ['a'], 'a retry that is due tomorrow')
})
