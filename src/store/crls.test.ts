import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import type { Authority } from '../authority/authority.ts'
import { findAuthority } from './authorities.ts'
import { insertAuthority, insertCertificateCount } from './authority-changes.ts'
import {
  bindCertificate,
  claimDueCrls,
  crlOf,
  finishPublication,
  listCrlStatuses,
  openCrl,
  postponeCrl,
  reserveCrlNumber,
  suspendCrl,
  markAllCrlsDue,
  listCrls,
  markCrlDue,
  type CrlRecord,
} from './crls.ts'
import { ConflictError, type Database } from './database.ts'
import { releaseLeases, type Lease } from './leases.ts'
import { sql, type Row, type Sql, type GuardName } from './sql.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const start = Date.UTC(2026, 0)

function at(offset: number): Date {
  return new Date(start + offset)
}

function lease(token: string, offset = 0): Lease {
  return { token, now: at(offset), until: at(offset + 2 * minute) }
}

async function addAuthority(db: Database, id = 'ca'): Promise<Authority> {
  const request = {
    id,
    partition: 'aws',
    region: 'eu-west-1',
    accountId: '1',
    type: 'ROOT',
    usageMode: 'GENERAL_PURPOSE',
    keyStorageSecurityStandard: 'FIPS_140_2_LEVEL_3_OR_HIGHER',
    configuration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: {},
    },
    revocation: { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } },
    createdAt: at(0),
  } as const
  await db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0) on conflict do nothing`,
    insertAuthority(request, 1000),
    insertCertificateCount(id),
  ])
  return read(db, id)
}

async function read(db: Database, id = 'ca'): Promise<Authority> {
  const authority = await findAuthority(db, id)
  assert.ok(authority)
  return authority
}

/** Opens a CRL of a CA. The CRL is due at `start`. */
async function open(
  db: Database,
  { id = 'ca', name, kind = 'PARTITION' }: { id?: string; name: string; kind?: CrlRecord['kind'] },
): Promise<Row> {
  await db.transaction(openCrl(await read(db, id), { name, kind }, at(0)))
  return row(db, name)
}

async function row(db: Database, name: string): Promise<Row> {
  const [found] = await db.query(sql`select * from crls where name = ${name}`)
  assert.ok(found)
  return found
}

async function claim(db: Database, by: Lease, limit = 100): Promise<CrlRecord[]> {
  const [rows = []] = await db.transaction([claimDueCrls(by, limit)])
  return rows.map(crlOf)
}

async function names(db: Database, by: Lease): Promise<string[]> {
  return (await claim(db, by)).map(({ name }) => name).toSorted()
}

function publication(crl: CrlRecord, generated: number): Parameters<typeof finishPublication>[1] {
  return {
    crlNumber: generated,
    generatedAt: at(generated),
    etag: 'e',
    bucket: 'b',
    key: `crl/${crl.name}.crl`,
    size: 500,
    entries: 7,
    keptSince: at(generated - 3 * day),
    changes: crl.changes,
    nextUpdate: at(generated + 6 * day),
    refreshAt: at(generated + 3 * day),
  }
}

const conflict = (guard: GuardName) => (error: unknown) =>
  error instanceof ConflictError && error.guard === guard

/** Opens the only CRL of a new database and claims it at `start`. */
async function claimedOne(db: Database): Promise<CrlRecord> {
  await addAuthority(db)
  await open(db, { name: 'ca', kind: 'COMPLETE' })
  const [crl] = await claim(db, lease('first'))
  assert.ok(crl)
  return crl
}

test('a new CRL is due, is the current CRL of its CA, and lists earlier revocations', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const authority = await addAuthority(db)
  const other = await addAuthority(db, 'other')
  const revoke = (number: number, serial: number): Sql =>
    sql`insert into revocations (authority_number, certificate_number, serial_number, revoked_at_ms, reason_code,
        not_after) values (${number}, ${serial}, ${Uint8Array.of(serial)}, 0, 1, 0)`
  await db.transaction([revoke(authority.number, 1), revoke(other.number, 2)])
  await db.transaction(openCrl(authority, { name: 'one', kind: 'PARTITION' }, at(0)))
  const opened = await read(db)
  assert.deepEqual({ ...opened.crl }, { id: 1, name: 'one', kind: 'PARTITION', issuerIdentity: 1 })
  assert.equal(opened.revision, authority.revision + 1)
  const adopted = await db.query(sql`select crl_id from revocations order by serial_number`)
  assert.deepEqual(
    adopted.map((found) => found['crl_id']),
    [1, null],
  )
  const late = openCrl(authority, { name: 'two', kind: 'PARTITION' }, at(0))
  await assert.rejects(db.transaction(late), conflict('revision'))
  assert.equal((await db.query(sql`select 1 from crls`)).length, 1)
  await db.transaction(openCrl(opened, { name: 'one', kind: 'PARTITION' }, at(day)))
  assert.equal((await row(db, 'one'))['due_at_ms'], start, 'an existing CRL is not changed')
})

test('fifty concurrent claims on two connections claim each of 200 CRLs once', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  const expected = Array.from({ length: 200 }, (_, index) => `crl-${index}`)
  for (const name of expected) await open(db, { name })
  const second = await database.openAgain()
  const claims = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const token = `token-${index}`
      const mine = await claim(index % 2 === 0 ? db : second, lease(token), 16)
      for (const { id } of mine) {
        const [found] = await second.query(sql`select lease from crls where crl_id = ${id}`)
        assert.equal(found?.['lease'], token)
      }
      return mine
    }),
  )
  await second.close()
  const taken = claims.flat().map(({ name }) => name)
  assert.deepEqual(taken.toSorted(), expected.toSorted())
  assert.ok(claims.every(({ length }) => length <= 16))
})

test('the longest overdue CRLs are claimed first, and each stays claimed until its lease ends', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  for (const [index, name] of ['c', 'a', 'b'].entries()) {
    await open(db, { name })
    await db.transaction([sql`update crls set due_at_ms = ${start - index} where name = ${name}`])
  }
  assert.deepEqual(
    (await claim(db, lease('x'), 1)).map(({ name }) => name),
    ['b'],
  )
  assert.deepEqual(await names(db, lease('y')), ['a', 'c'])
  assert.deepEqual(await names(db, lease('z', 2 * minute - 1)), [])
  assert.deepEqual(await names(db, lease('z', 2 * minute)), ['a', 'b', 'c'])
})

test('a process that lost its lease cannot change a CRL', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  const first = lease('first')
  await db.transaction([reserveCrlNumber(crl.id, 10, first)])
  const second = lease('second', 2 * minute)
  const [again] = await claim(db, second)
  assert.deepEqual(again, { ...crl, crlNumber: 10 })
  const before = await row(db, 'ca')
  await assert.rejects(db.transaction([reserveCrlNumber(crl.id, 11, first)]), conflict('lease'))
  await assert.rejects(
    db.transaction([finishPublication(crl.id, publication(crl, 0), first)]),
    conflict('lease'),
  )
  await db.transaction([postponeCrl(crl, at(day), first), suspendCrl(crl, first)])
  assert.deepEqual(await row(db, 'ca'), before)
  await db.transaction([reserveCrlNumber(crl.id, 11, second)])
  await db.transaction([finishPublication(crl.id, publication(crl, 2 * minute), second)])
  await assert.rejects(db.transaction([reserveCrlNumber(crl.id, 12, second)]), conflict('lease'))
  assert.equal((await row(db, 'ca'))['crl_number'], 11)
})

test('a CRL number is reserved once, and numbers never decrease', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const { id } = await claimedOne(db)
  await db.transaction([reserveCrlNumber(id, 5, lease('first'))])
  for (const number of [5, 4, 0])
    await assert.rejects(
      db.transaction([reserveCrlNumber(id, number, lease('first'))]),
      conflict('lease'),
    )
  await db.transaction([reserveCrlNumber(id, 6, lease('first'))])
  assert.equal((await row(db, 'ca'))['crl_number'], 6)
})

test('after a publication, the next CRL is due at half of its validity, or immediately after a change', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  await db.transaction([finishPublication(crl.id, publication(crl, 0), lease('first', minute))])
  assert.deepEqual(await names(db, lease('x', 3 * day - 1)), [])
  const [due] = await claim(db, lease('second', 3 * day))
  assert.ok(due)
  assert.deepEqual(due.published, {
    generatedAt: at(0),
    etag: 'e',
    bucket: 'b',
    key: 'crl/ca.crl',
  })
  await db.transaction([markCrlDue(due.id, at(3 * day + 1000))])
  const second = lease('second', 3 * day + minute)
  await db.transaction([finishPublication(due.id, publication(due, 3 * day), second)])
  assert.equal((await row(db, 'ca'))['due_at_ms'], second.now.getTime())
  assert.deepEqual(await names(db, lease('third', 3 * day + minute)), ['ca'])
})

test('a failed publication waits for its retry, even after another change', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  await db.transaction([postponeCrl(crl, at(5000), lease('first'))])
  await db.transaction([markCrlDue(crl.id, at(1000))])
  assert.deepEqual(await names(db, lease('x', 4999)), [])
  const [due] = await claim(db, lease('x', 5000))
  assert.equal(due?.failures, 1)
  await db.transaction([postponeCrl(due, at(15_000), lease('x', 5000))])
  assert.deepEqual(await names(db, lease('y', 14_999)), [])
  await db.transaction([markAllCrlsDue(await read(db), at(6000))])
  assert.deepEqual(await names(db, lease('y', 6000)), ['ca'], 'another bucket is tried immediately')
})

test('a suspended CRL is claimed again only after a change', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  await db.transaction([suspendCrl(crl, lease('first'))])
  assert.deepEqual(await names(db, lease('x', 1000 * day)), [])
  await db.transaction([markCrlDue(crl.id, at(1000))])
  const [due] = await claim(db, lease('x', 1000))
  assert.ok(due)
  await db.transaction([markCrlDue(crl.id, at(2000))])
  await db.transaction([suspendCrl(due, lease('x', 1000))])
  assert.deepEqual(
    await names(db, lease('y', 2000)),
    ['ca'],
    'changed while it was being suspended',
  )
})

test('a revocation makes only its CRL due, and keeps an earlier due time', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  const one = await open(db, { name: 'one' })
  await open(db, { name: 'two' })
  await db.transaction([sql`update crls set due_at_ms = ${start + day}, changes = 0`])
  const standing = async (): Promise<unknown[]> => {
    const rows = await db.query(sql`select name, due_at_ms, changes from crls order by name`)
    return rows.map((found) => [found['name'], found['due_at_ms'], found['changes']])
  }
  await db.transaction([markCrlDue(Number(one['crl_id']), at(1000))])
  assert.deepEqual(await standing(), [
    ['one', start + 1000, 1],
    ['two', start + day, 0],
  ])
  await db.transaction([markCrlDue(Number(one['crl_id']), at(2000))])
  assert.deepEqual((await standing())[0], ['one', start + 1000, 2], 'the earlier due time is kept')
})

test('listCrls returns the complete CRLs of a CA and one partition', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const { number } = await addAuthority(db)
  await addAuthority(db, 'other')
  const one = Number((await open(db, { name: 'one' }))['crl_id'])
  const complete = Number((await open(db, { name: 'ca', kind: 'COMPLETE' }))['crl_id'])
  const two = Number((await open(db, { name: 'two' }))['crl_id'])
  await open(db, { id: 'other', name: 'other', kind: 'COMPLETE' })
  const kinds = async (partition: number | null): Promise<unknown[]> =>
    (await listCrls(db, number, partition)).map(({ id, kind }) => [id, kind])
  const isComplete = [complete, 'COMPLETE']
  assert.deepEqual(await kinds(null), [isComplete])
  assert.deepEqual(await kinds(one), [[one, 'PARTITION'], isComplete])
  assert.deepEqual(await kinds(two), [isComplete, [two, 'PARTITION']])
  assert.deepEqual(await kinds(complete), [isComplete])
})

test('of concurrent requests, only one certificate is bound to the last place of a partition', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  const { crl_id: id } = await open(db, { name: 'one' })
  await db.transaction([sql`update crls set certificates = 9 where crl_id = ${id!}`])
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      db.transaction([bindCertificate(Number(id), at(index * day), 10)]),
    ),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.ok(conflict('partition')(outcome.reason))
  assert.equal((await row(db, 'one'))['certificates'], 10)
})

test('a partition records the latest notAfter of its certificates', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  const { crl_id: id } = await open(db, { name: 'one' })
  for (const days of [3, 9, 4])
    await db.transaction([bindCertificate(Number(id), at(days * day), 10)])
  const [crl] = await claim(db, lease('x'))
  assert.deepEqual(crl?.lastNotAfter, at(9 * day))
})

test('after the clock is set back, leases, retries and CRLs from the future do not block a claim', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  await db.transaction([finishPublication(crl.id, publication(crl, 0), lease('first'))])
  assert.equal((await claim(db, lease('later', 3 * day))).length, 1)
  assert.deepEqual(
    await names(db, lease('a', -day)),
    ['ca'],
    'a lease, a due time and a CRL from the future',
  )
  await db.transaction([postponeCrl(crl, at(minute), lease('a'))])
  assert.deepEqual(await names(db, lease('b', -2 * day)), ['ca'], 'retry ahead')
  await db.transaction([suspendCrl(crl, lease('b'))])
  assert.deepEqual(await names(db, lease('c', -3 * day)), [], 'a suspended CRL is not claimed')
})

test('a clock that is set back by minutes does not end a lease early', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await claimedOne(db)
  await db.transaction([sql`update crls set due_at_ms = ${start - day}`])
  assert.deepEqual(await names(db, lease('x', -30 * minute)), [])
})

test('a revocation that waited for an object store is published after the clock is set back by a day', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  await db.transaction([finishPublication(crl.id, publication(crl, 0), lease('first'))])
  await db.transaction([markCrlDue(crl.id, at(2 * day))])
  const second = lease('second', 2 * day)
  const [due] = await claim(db, second)
  await db.transaction([postponeCrl(due!, at(2 * day + 5000), second)])
  assert.deepEqual(await names(db, lease('third', day)), ['ca'])
})

test('the first CRL of a CA is published after the clock is set back by a day', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  await open(db, { name: 'ca', kind: 'COMPLETE' })
  assert.deepEqual(await names(db, lease('x', -day)), ['ca'])
})

test('releaseLeases releases the leases of all CRLs', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const crl = await claimedOne(db)
  assert.deepEqual(await names(db, lease('x')), [])
  await db.transaction(releaseLeases())
  assert.deepEqual(await names(db, lease('x')), ['ca'])
  await assert.rejects(
    db.transaction([reserveCrlNumber(crl.id, 1, lease('first'))]),
    conflict('lease'),
  )
})

test('listCrlStatuses reports the oldest CRL, the earliest nextUpdate and the largest CRL of a CA, without suspended CRLs', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await addAuthority(db)
  await open(db, { name: 'one' })
  await open(db, { name: 'two' })
  assert.deepEqual(await listCrlStatuses(db), [])
  const [one, two] = await claim(db, lease('x'))
  const big = { ...publication(one!, 1000), size: 900, entries: 30 }
  await db.transaction([
    finishPublication(one!.id, big, lease('x')),
    finishPublication(two!.id, publication(two!, 0), lease('x')),
  ])
  assert.deepEqual(await listCrlStatuses(db), [
    { authorityId: 'ca', generatedAt: at(0), nextUpdate: at(6 * day), size: 900, entries: 30 },
  ])
  const [again] = await claim(db, lease('y', 3 * day), 1)
  await db.transaction([suspendCrl(again!, lease('y', 3 * day))])
  assert.equal((await listCrlStatuses(db)).length, 1)
})
