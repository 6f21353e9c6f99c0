import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { testServices } from '../../test/support/services.ts'
import { decodeLeaf } from '../record/leaf.ts'
import { findAuthority } from '../store/authorities.ts'
import { insertCertificate } from '../store/certificates.ts'
import type { Database } from '../store/database.ts'
import { readLeaves } from '../store/leaves.ts'
import { insertRevocation } from '../store/revocations.ts'
import { sql, type Sql } from '../store/sql.ts'
import { createLog } from '../telemetry/log.ts'
import { RevokedCertificatesWriter } from '../x509/revoked-certificates.ts'
import { recoverRevocations } from './recover-revocations.ts'

const now = new Date(Date.UTC(2026, 0))
const notAfter = new Date(Date.UTC(2027, 0))
const principal = 'arn:aws:iam::123456789012:user/tester'

function serial(last: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? last : 1))
}

function publishedRevocations(...serials: readonly Uint8Array[]): Uint8Array {
  const writer = new RevokedCertificatesWriter()
  for (const serialNumber of serials)
    writer.add({ serialNumber, revocationDate: now, reasonCode: 1 })
  return Buffer.concat(writer.pieces())
}

test('a revocation that is inserted while a CRL is read has one row and one leaf', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      values ('one', 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    sql`insert into certificate_counts (authority_number, issued)
      select authority_number, 0 from authorities`,
  ])
  const authority = await findAuthority(db, 'one')
  assert.ok(authority)
  for (const last of [1, 2])
    await db.transaction(
      insertCertificate(authority, {
        signerNumber: undefined,
        serialNumber: serial(last),
        certificateDer: Uint8Array.of(last),
        templateName: '',
        issuedAt: now,
        notAfter,
        crlId: 9,
        requesterAccountId: '1',
        requesterService: undefined,
        requesterArn: principal,
      }),
    )
  let isDone = false
  const racing = Object.assign(Object.create(db) as Database, {
    transaction: (statements: readonly Sql[]) => db.transaction(statements),
    async query(statement: Sql) {
      const rows = await db.query(statement)
      if (!isDone && statement.text.includes('from revocations')) {
        isDone = true
        const revocation = { certificateNumber: 1, serialNumber: serial(1), reasonCode: 4 }
        const more = { revokedAt: now, notAfter, crlId: 9 }
        await db.transaction(insertRevocation(authority, { ...revocation, ...more }, principal))
      }
      return rows
    },
  })
  await recoverRevocations(
    testServices({ db: racing, clock: { now: () => now }, log: createLog('silent') }),
    { authority, crl: { id: 7, name: 'one' } as never, issuer: { notAfter } as never },
    { number: 5, revokedCertificates: publishedRevocations(serial(1), serial(2), serial(3)) },
  )
  const rows = await db.query(sql`select serial_number, reason_code, crl_id from revocations`)
  const leaves = (await readLeaves(db, 0, 100)).map(({ data }) => decodeLeaf(data))
  const recorded = leaves.filter(({ kind }) => kind === 'revocation')
  const last = (bytes: unknown): number => (bytes as Uint8Array)[15] ?? 0
  assert.deepEqual(
    new Set(rows.map((row) => [last(row['serial_number']), row['reason_code'], row['crl_id']])),
    new Set([
      [1, 4, 9],
      [2, 1, 9],
      [3, 1, 7],
    ]),
  )
  assert.deepEqual(
    new Set(recorded.map(({ serialNumber, principal: who }) => [last(serialNumber), who])),
    new Set([
      [1, principal],
      [2, 'job:publish-crls'],
      [3, 'job:publish-crls'],
    ]),
  )
  assert.equal(recorded.length, 3)
})
