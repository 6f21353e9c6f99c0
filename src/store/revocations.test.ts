import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import type { Authority } from '../authority/authority.ts'
import { findAuthority } from './authorities.ts'
import { updateAuthority } from './authority-changes.ts'
import { insertCertificate } from './certificates.ts'
import { ConflictError, type Database } from './database.ts'
import {
  crlStart,
  countRevocation,
  findIssuedStatus,
  insertRevocation,
  recountRevocations,
  revokedOf,
  selectRevocations,
  type CrlScope,
  type RevocationRecord,
} from './revocations.ts'
import { sql, type Row, type GuardName } from './sql.ts'
import {
  countRecoveredRevocations,
  selectRevokedSerials,
  insertRecoveredRevocation,
  selectRecoverable,
} from './recovered-revocations.ts'

const start = Date.UTC(2026, 0)
const day = 86_400_000

function at(offset: number): Date {
  return new Date(start + offset)
}

/** Opens a database with two CAs, `one` and `two`. */
async function openWithAuthorities(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    ...['one', 'two'].flatMap((id) => [
      sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
          key_storage_security_standard, configuration, revocation_configuration, status,
          created_at_ms, last_state_change_at_ms, revision)
        values (${id}, 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
      sql`insert into certificate_counts (authority_number, issued)
        select authority_number, 0 from authorities where id = ${id}`,
    ]),
  ])
  return database
}

async function read(db: Database, id = 'one'): Promise<Authority> {
  const authority = await findAuthority(db, id)
  assert.ok(authority)
  return authority
}

function serial(last: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? last : 1))
}

const principal = 'arn:aws:iam::123456789012:user/tester'

function revocation(last: number, more: Partial<RevocationRecord> = {}): RevocationRecord {
  return {
    certificateNumber: last,
    serialNumber: serial(last),
    revokedAt: at(0),
    reasonCode: 1,
    notAfter: at(10 * day),
    crlId: null,
    ...more,
  }
}

async function revoke(db: Database, record: RevocationRecord, quota = 100): Promise<void> {
  const authority = await read(db)
  await db.transaction([
    countRevocation(authority, record.notAfter, quota),
    ...insertRevocation(authority, record, principal),
  ])
}

async function recount(db: Database, offset: number): Promise<number | undefined> {
  const [[counted] = []] = await db.transaction([recountRevocations(await read(db), at(offset))])
  return counted && revokedOf(counted)
}

const conflict = (guard: GuardName) => (error: unknown) =>
  error instanceof ConflictError && error.guard === guard

function lastOctets(rows: readonly Row[]): (number | undefined)[] {
  return rows.map((row) => (row['serial_number'] as Uint8Array).at(-1))
}

test('a second revocation of a certificate is refused, and the first is kept', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await revoke(db, revocation(1, { reasonCode: 5 }))
  await assert.rejects(revoke(db, revocation(1, { reasonCode: 4 })), conflict('duplicate'))
  const rows = await db.query(sql`select reason_code from revocations`)
  assert.deepEqual(
    rows.map((row) => row['reason_code']),
    [5],
  )
  assert.equal(await recount(db, 0), 1, 'a refused revocation is not counted')
  const other = await read(db, 'two')
  await db.transaction(insertRevocation(other, revocation(1), principal))
})

test('of twenty concurrent revocations of a certificate, one is recorded', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => revoke(db, revocation(1, { reasonCode: index }))),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(await recount(db, 0), 1)
})

test('a revocation is not recorded if the CA has changed since it was read', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const authority = await read(db)
  await db.transaction([updateAuthority(authority, { status: 'DISABLED' }, at(0))])
  const record = revocation(1)
  const late = [
    countRevocation(authority, record.notAfter, 100),
    ...insertRevocation(authority, record, principal),
  ]
  await assert.rejects(db.transaction(late), conflict('quota'))
  assert.deepEqual(await db.query(sql`select * from revocations`), [])
})

test('the revocation quota counts revoked, unexpired certificates', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  for (const last of [1, 2, 3]) await revoke(db, revocation(last, { notAfter: at(last * day) }), 3)
  await assert.rejects(revoke(db, revocation(4), 3), conflict('quota'))
  assert.equal(await recount(db, day), 3, 'notAfter is the last second')
  assert.equal(await recount(db, day + 1000), 2)
  assert.equal(
    await recount(db, day + 1000),
    2,
    'an expired certificate is removed from the count once',
  )
  await revoke(db, revocation(4), 3)
  assert.equal(await recount(db, 4 * day), 1)
})

test('the revocation quota is correct after the clock was a year ahead and set back', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await revoke(db, revocation(1, { notAfter: at(20 * day) }))
  await recount(db, 365 * day)
  await revoke(db, revocation(2, { notAfter: at(20 * day) }))
  assert.equal(await recount(db, 21 * day), 0, 'both have expired')
})

test('findIssuedStatus returns a status only for the issuing CA', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const [one, two] = [await read(db), await read(db, 'two')]
  const certificate = {
    serialNumber: serial(1),
    certificateDer: new Uint8Array(),
    templateName: '',
    issuedAt: at(0),
    signerNumber: undefined,
    notAfter: at(day),
    crlId: undefined,
    requesterAccountId: '1',
    requesterService: undefined,
    requesterArn: 'arn:aws:iam::123456789012:user/tester',
  }
  const issued = { ...certificate, serialNumber: serial(2) }
  await db.transaction([...insertCertificate(one, certificate), ...insertCertificate(one, issued)])
  await revoke(db, revocation(1, { reasonCode: 9, revokedAt: at(1500) }))
  assert.deepEqual(await findIssuedStatus(db, one.number, serial(1)), {
    revocation: { revokedAt: at(1500), reasonCode: 9 },
  })
  assert.deepEqual(await findIssuedStatus(db, one.number, serial(2)), { revocation: undefined })
  assert.equal(await findIssuedStatus(db, two.number, serial(1)), undefined)
  assert.equal(await findIssuedStatus(db, one.number, serial(3)), undefined)
})

test('a CRL lists the revocations in its scope whose certificates had not expired', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const { number } = await read(db)
  for (const last of [9, 2, 5]) await revoke(db, revocation(last, { crlId: last % 2 }))
  await revoke(db, revocation(1, { crlId: 1, notAfter: at(day) }))
  await db.transaction(
    insertRevocation(await read(db, 'two'), revocation(7, { crlId: 3 }), principal),
  )
  const listed = async (crlId: number | undefined, keptSince: Date) => {
    const scope = { authorityNumber: number, crlId, keptSince }
    return lastOctets(await db.query(selectRevocations(scope, 0, 100)))
  }
  assert.deepEqual(await listed(undefined, at(0)), [1, 2, 5, 9])
  assert.deepEqual(await listed(undefined, at(day)), [1, 2, 5, 9], 'its last second')
  assert.deepEqual(await listed(undefined, at(day + 999)), [1, 2, 5, 9])
  assert.deepEqual(await listed(undefined, at(day + 1000)), [2, 5, 9])
  assert.deepEqual(await listed(1, at(0)), [1, 5, 9])
  assert.deepEqual(await listed(0, at(0)), [2])
  assert.deepEqual(await listed(4, at(0)), [])
})

async function inPages(db: Database, scope: CrlScope, limit: number): Promise<Row[]> {
  const all: Row[] = []
  for (;;) {
    const after = Number(all.at(-1)?.['certificate_number'] ?? 0)
    const page = await db.query(selectRevocations(scope, after, limit))
    if (page.length === 0) return all
    all.push(...page)
  }
}

test('the pages of a CRL contain every revocation exactly once', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const { number } = await read(db)
  for (let last = 1; last <= 20; last += 1)
    await revoke(db, revocation(last, { crlId: last % 3, notAfter: at((last % 4) * day) }))
  for (const crlId of [undefined, 1]) {
    const scope = { authorityNumber: number, crlId, keptSince: at(day) }
    const all = await db.query(selectRevocations(scope, 0, 100))
    assert.ok(all.length > 4)
    for (const limit of [1, 3, all.length]) assert.deepEqual(await inPages(db, scope, limit), all)
  }
})

test('a revocation imported from a CRL is recorded once, whether its certificate is known or not', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  const authority = await read(db)
  const { number } = authority
  const certificate = {
    serialNumber: serial(1),
    certificateDer: new Uint8Array(1),
    templateName: '',
    issuedAt: at(0),
    signerNumber: undefined,
    notAfter: at(3 * day),
    crlId: 9,
    requesterAccountId: '1',
    requesterService: undefined,
    requesterArn: 'arn:aws:iam::123456789012:user/tester',
  }
  await db.transaction([
    ...insertCertificate(authority, certificate),
    ...insertCertificate(await read(db, 'two'), { ...certificate, serialNumber: serial(2) }),
  ])
  const take = async (last: number, reasonCode = 1): Promise<void> => {
    const [row] = await db.query(selectRecoverable(number, serial(last)))
    await db.transaction([
      insertRecoveredRevocation(authority, {
        serialNumber: serial(last),
        revokedAt: at(last * 1000),
        reasonCode,
        isIssued: row !== undefined,
        crlId: Number(row?.['crl_id'] ?? 7),
        notAfter: row === undefined ? at(20 * day) : new Date(Number(row['not_after']) * 1000),
      }),
      ...countRecoveredRevocations(authority, 7, at(0)),
    ])
  }
  // All serial numbers start with the same bytes, which never happens with random numbers.
  const unknown = [2, 3, 4, 5, 6, 7, 8, 9]
  for (const last of [1, ...unknown]) await take(last)
  for (const last of [1, ...unknown])
    await assert.rejects(take(last, 4), { name: 'ConflictError', guard: 'duplicate' })
  const rows = await db.query(
    sql`select * from revocations where authority_number = ${number} order by serial_number`,
  )
  assert.deepEqual(
    rows.map((row) => [row['crl_id'], row['not_after'], row['reason_code']]),
    [
      [9, at(3 * day).getTime() / 1000, 1],
      ...unknown.map(() => [7, at(20 * day).getTime() / 1000, 1]),
    ],
  )
  const numbers = rows.map((row) => Number(row['certificate_number']))
  assert.deepEqual(
    numbers.map((one) => one < 0),
    [false, ...unknown.map(() => true)],
  )
  assert.equal(new Set(numbers).size, numbers.length)
  for (const last of [1, ...unknown])
    assert.deepEqual(await findIssuedStatus(db, number, serial(last)), {
      revocation: { revokedAt: at(last * 1000), reasonCode: 1 },
    })
  assert.equal(await findIssuedStatus(db, number, serial(10)), undefined)
  assert.equal(await recount(db, 0), 9)
  assert.equal(await recount(db, 10 * day), 8)
  const scope = { authorityNumber: number, crlId: undefined, keptSince: at(0) }
  const listed = await db.query(selectRevocations(scope, crlStart, 100))
  assert.deepEqual(new Set(lastOctets(listed)), new Set([1, ...unknown]))
  const serials = await db.query(selectRevokedSerials(number, crlStart, 100))
  assert.equal(serials.length, 9)
})
