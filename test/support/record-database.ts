/**
 * A database with certificates and revocations for tests of the record. The tests alter the data with the database's own tools.
 */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import type { Authority } from '../../src/authority/authority.ts'
import { createLedger } from '../../src/ledger/ledger.ts'
import { findLogParts } from '../../src/ledger/log-parts.ts'
import { verifyRecord } from '../../src/ledger/verify/verify-record.ts'
import { systemRandom } from '../../src/random.ts'
import { createSealer } from '../../src/sealer.ts'
import { findAuthority } from '../../src/store/authorities.ts'
import { insertCertificate } from '../../src/store/certificates.ts'
import type { Database } from '../../src/store/database.ts'
import { retireCertificate, selectRetirable } from '../../src/store/retired-certificates.ts'
import { insertRevocation } from '../../src/store/revocations.ts'
import { sql, type Row, type Sql } from '../../src/store/sql.ts'
import { TestDatabase } from './database.ts'
import { fixedSealers } from './fixed-sealers.ts'

const start = Date.UTC(2026, 0)
const day = 86_400_000
export const now = new Date(start + 100 * day)
const clock = { now: () => now }
const serial = (last: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? last : 1))

/** Opens a database with a CA and its certificates 1 to 4; certificates 1 and 2 are revoked. */
export async function openRecorded(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
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
  const authority = await readAuthority(db)
  for (const last of [1, 2, 3, 4])
    await db.transaction(
      insertCertificate(authority, {
        signerNumber: undefined,
        serialNumber: serial(last),
        certificateDer: Uint8Array.of(last),
        templateName: '',
        issuedAt: new Date(start),
        notAfter: new Date(start + day),
        crlId: undefined,
        requesterAccountId: '1',
        requesterService: undefined,
        requesterArn: 'arn:aws:iam::1:user/one',
      }),
    )
  for (const last of [1, 2]) {
    const revocation = {
      certificateNumber: last,
      serialNumber: serial(last),
      revokedAt: new Date(start),
      reasonCode: 1,
      notAfter: new Date(start + day),
      crlId: null,
    }
    await db.transaction(insertRevocation(authority, revocation, 'arn:aws:iam::1:user/one'))
  }
  return database
}

/** Removes the leaves, as in a database from before the record existed. */
export async function openOlder(): Promise<TestDatabase> {
  const database = await openRecorded()
  await database.db.transaction([sql`delete from record_leaves`])
  return database
}

export async function readAuthority(db: Database): Promise<Authority> {
  const authority = await findAuthority(db, 'one')
  assert.ok(authority)
  return authority
}

export async function problemsOf(db: Pick<Database, 'query'>): Promise<string[]> {
  const problems: string[] = []
  const options = { problem: (problem: string) => problems.push(problem) }
  await verifyRecord((statement) => db.query(statement), await findLogParts(db), options)
  return problems
}

/** Returns the problems found after the database is changed with its own tools. The changes are then rolled back. */
export async function problemsAfter(
  path: string,
  ...changes: readonly string[]
): Promise<string[]> {
  using db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  const query = ({ text, values }: Sql): Promise<Row[]> =>
    Promise.resolve(db.prepare(text).all(...values) as Row[])
  db.exec('begin')
  for (const change of changes) db.exec(change)
  return await problemsOf({ query })
}

export const ledgerOf = (db: Database): ReturnType<typeof createLedger> =>
  createLedger({
    db,
    clock,
    random: systemRandom,
    sealers: fixedSealers(createSealer(new Uint8Array(32), systemRandom)),
  })

/** Runs additional changes once, immediately after the first query with this text. */
export function racing(db: Database, text: RegExp, change: () => Promise<unknown>): Database {
  let isDone = false
  return Object.assign(Object.create(db) as Database, {
    async query(statement: Sql) {
      const rows = await db.query(statement)
      if (!isDone && text.test(statement.text)) {
        isDone = true
        await change()
      }
      return rows
    },
    transaction: (statements: readonly Sql[]) => db.transaction(statements),
  })
}

export async function retire(db: Database, number: number): Promise<void> {
  const [row] = await db.query(selectRetirable(number))
  assert.ok(row)
  const content = { subjectDer: Uint8Array.of(number), notBefore: new Date(start) }
  await db.transaction(retireCertificate(row, content, { now, before: now }))
}
