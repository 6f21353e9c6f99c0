/** Tests of the bulk worker thread on a database file, with CRLs and audit reports of any length. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { reportForms, type AuditReportFormat } from '../authority/audit-report.ts'
import { createBulkWork } from './bulk-client.ts'
import type { AuditReportRequest, BulkWork } from './bulk-work.ts'
import type { CrlScope } from '../store/revocations.ts'
import { sql, type Sql, type SqlValue } from '../store/sql.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import {
  encodeCertificateList,
  encodeCrlNumber,
  parseCertificateList,
  type TbsCertListFields,
} from '../x509/certificate-list.ts'
import { encodeCertificate, encodeTbsCertificate } from '../x509/certificate.ts'
import { encodeName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { readRevokedCertificates } from '../x509/revoked-certificates.ts'

const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
const subject = encodeName([{ type: oids.commonName, value: 'bulk "quoted", é' }])
const fields: TbsCertListFields = {
  signatureAlgorithm: algorithm,
  issuer: subject,
  thisUpdate: new Date('2026-03-01T08:15:30Z'),
  nextUpdate: new Date('2026-03-08T08:15:30Z'),
  crlExtensions: [{ oid: oids.crlNumber, critical: false, value: encodeCrlNumber(7n) }],
}
const certificateDer = encodeCertificate(
  encodeTbsCertificate({
    serialNumber: Uint8Array.of(1),
    signatureAlgorithm: algorithm,
    issuer: subject,
    notBefore: new Date('2026-03-01T08:15:30Z'),
    notAfter: new Date('2027-03-01T08:15:30Z'),
    subject,
    subjectPublicKeyInfo: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      format: 'der',
      type: 'spki',
    }),
    extensions: [],
  }),
  algorithm,
  Uint8Array.of(1),
)

const revokedAt = Date.UTC(2026, 1, 1)
const notAfter = Date.UTC(2027, 0, 1) / 1000
const scope: CrlScope = { authorityNumber: 1, crlId: undefined, keptSince: new Date(0) }
const authority = { arn: 'arn:ca', accountId: '123456789012', partition: 'aws' }
const report = (format: AuditReportFormat, authorityNumber = 1): AuditReportRequest => ({
  authorityNumber,
  authority,
  format,
})

/** Opens a database with two CAs and starts the bulk worker thread for it. */
async function openBulk(t: TestContext): Promise<TestDatabase & { bulk: BulkWork }> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    ...['one', 'two'].map(
      (id) =>
        sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
          key_storage_security_standard, configuration, revocation_configuration, status,
          created_at_ms, last_state_change_at_ms, revision)
        values (${id}, 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    ),
  ])
  const bulk = createBulkWork(database.location)
  // The worker thread does not keep the process alive, so the test must do so.
  const alive = setInterval(() => {}, 1000)
  t.after(async () => {
    clearInterval(alive)
    await bulk.close()
    await database[Symbol.asyncDispose]()
  })
  return Object.assign(database, { bulk })
}

/** Returns a 16-byte serial number in hexadecimal that ends with the certificate number. */
const serialOf = (number: number): string => number.toString(16).padStart(32, '0')

/**
 * Returns an INSERT statement that adds a row for each number from `from` to `to`; `serial` is the SQL expression for the row's
 * serial number.
 */
function insertNumbered(
  { location }: TestDatabase,
  [from, to]: readonly [number, number],
  { into, select, values }: { into: string; select: string; values: SqlValue[] },
): Sql {
  const serial =
    location.engine === 'sqlite'
      ? "unhex(printf('%032x', number))"
      : "decode(lpad(to_hex(number), 32, '0'), 'hex')"
  return {
    text: `with recursive numbers (number) as
        (select cast(? as bigint) union all select number + 1 from numbers where number < ?)
      insert into ${into} select ${select.replace('serial', serial)} from numbers where number <= ?`,
    values: [from, to, ...values, to],
  }
}

/** Revokes certificates `from` to `to` for various reasons, and assigns the revocations to CRL `crlId`. */
async function revoke(
  database: TestDatabase,
  range: readonly [number, number],
  more: {
    readonly authorityNumber?: number
    readonly crlId?: number
    readonly notAfter?: number
  } = {},
): Promise<void> {
  const insert = insertNumbered(database, range, {
    into: `revocations (authority_number, certificate_number, serial_number, crl_id,
      revoked_at_ms, reason_code, not_after)`,
    select: `cast(? as bigint), number, serial, cast(? as bigint), ? + number * 1000, number % 6,
      cast(? as bigint)`,
    values: [more.authorityNumber ?? 1, more.crlId ?? null, revokedAt, more.notAfter ?? notAfter],
  })
  await database.db.transaction([insert])
}

/** Inserts certificates `from` to `to`. */
async function issue(
  database: TestDatabase,
  range: readonly [number, number],
  authorityNumber = 1,
): Promise<void> {
  const insert = insertNumbered(database, range, {
    into: `certificates (certificate_number, authority_number, serial_number, template_name,
      certificate_der, issued_at_ms, not_after)`,
    select: `number, cast(? as bigint), serial, 'EndEntityCertificate', ?, ? + number * 1000,
      cast(? as bigint)`,
    values: [authorityNumber, certificateDer, revokedAt, notAfter],
  })
  await database.db.transaction([insert])
}

/** Returns the serial numbers, dates and reasons in a TBSCertList's entries. */
function entriesOf(tbsCertListDer: Uint8Array): readonly unknown[] {
  const list = encodeCertificateList(tbsCertListDer, algorithm, Uint8Array.of(1))
  return Array.from(
    readRevokedCertificates(parseCertificateList(list).revokedCertificates),
    ({ serialNumber, revocationDate, reasonCode }) => [
      BigInt(`0x${Buffer.from(serialNumber).toString('hex')}`),
      revocationDate.getTime(),
      reasonCode,
    ],
  )
}

const expectedEntries = (numbers: readonly number[]): readonly unknown[] =>
  numbers.map((number) => [BigInt(number), revokedAt + number * 1000, number % 6])

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString('utf8')
}

for (const entries of [0, 1, 499, 500, 501, 1000, 1001])
  test(`a CRL of ${entries} revocations lists all of them in order`, async (t) => {
    const database = await openBulk(t)
    await revoke(database, [1, entries])
    const crl = await database.bulk.tbsCertList(fields, scope)
    assert.equal(crl.entries, entries)
    assert.deepEqual(entriesOf(crl.tbsCertListDer), expectedEntries(range(1, entries)))
  })

test('the bulk worker thread receives the fields of a CRL unchanged', async (t) => {
  const { bulk } = await openBulk(t)
  const { tbsCertListDer } = await bulk.tbsCertList(fields, scope)
  const crl = parseCertificateList(
    encodeCertificateList(tbsCertListDer, algorithm, Uint8Array.of(1)),
  )
  assert.deepEqual(crl.thisUpdate, fields.thisUpdate)
  assert.deepEqual(crl.nextUpdate, fields.nextUpdate)
  assert.equal(crl.crlNumber, 7n)
  assert.deepEqual(Buffer.from(crl.issuer), Buffer.from(subject))
})

test('a CRL lists only revocations of its CA and partition, and omits certificates that expired long ago', async (t) => {
  const database = await openBulk(t)
  await revoke(database, [1, 3], { crlId: 1 })
  await revoke(database, [4, 6], { crlId: 2 })
  await revoke(database, [7, 9], { crlId: 1, notAfter: notAfter - 1 })
  await revoke(database, [1, 2], { authorityNumber: 2, crlId: 3 })
  const listed = async (more: Partial<CrlScope>): Promise<readonly unknown[]> => {
    const crl = await database.bulk.tbsCertList(fields, { ...scope, ...more })
    const entries = entriesOf(crl.tbsCertListDer)
    assert.equal(crl.entries, entries.length)
    return entries
  }
  assert.deepEqual(await listed({}), expectedEntries(range(1, 9)))
  assert.deepEqual(await listed({ crlId: 1 }), expectedEntries([1, 2, 3, 7, 8, 9]))
  assert.deepEqual(await listed({ crlId: 2 }), expectedEntries([4, 5, 6]))
  assert.deepEqual(await listed({ crlId: 3 }), [], 'of another CA')
  assert.deepEqual(await listed({ authorityNumber: 2 }), expectedEntries([1, 2]))
  const keptSince = new Date(notAfter * 1000)
  assert.deepEqual(await listed({ keptSince }), expectedEntries(range(1, 6)))
  assert.deepEqual(await listed({ keptSince, crlId: 1 }), expectedEntries([1, 2, 3]))
})

test('the next CRL lists a committed revocation', async (t) => {
  const database = await openBulk(t)
  for (const number of [1, 2, 3]) {
    await revoke(database, [number, number])
    const { tbsCertListDer } = await database.bulk.tbsCertList(fields, scope)
    assert.deepEqual(entriesOf(tbsCertListDer), expectedEntries(range(1, number)))
  }
})

test('several CRLs of more than two megabytes are built concurrently, each from one snapshot', async (t) => {
  const database = await openBulk(t)
  await revoke(database, [1, 80_000])
  const crls = await Promise.all(
    Array.from({ length: 4 }, () => database.bulk.tbsCertList(fields, scope)),
  )
  for (const { entries, tbsCertListDer } of crls) {
    assert.equal(entries, 80_000)
    assert.ok(tbsCertListDer.length > 2_000_000)
  }
  assert.deepEqual(entriesOf(crls[3]!.tbsCertListDer), expectedEntries(range(1, 80_000)))
})

for (const rows of [0, 1, 499, 500, 501, 1000, 1001])
  test(`an audit report of ${rows} certificates is one JSON array or one CSV table`, async (t) => {
    const database = await openBulk(t)
    await issue(database, [1, rows])
    await issue(database, [5001, 5003], 2)
    const json = await textOf(database.bulk.auditReport(report('JSON')))
    const parsed = JSON.parse(json) as Record<string, string>[]
    assert.equal(json, `${JSON.stringify(parsed, undefined, 2)}\n`)
    assert.deepEqual(
      parsed.map(({ certificateArn }) => certificateArn),
      range(1, rows).map((number) => `arn:ca/certificate/${serialOf(number)}`),
    )
    const csv = await textOf(database.bulk.auditReport(report('CSV')))
    const lines = csv.split('\n')
    assert.equal(lines.length, rows + 2)
    assert.equal(lines.at(-1), '')
    for (const [at, number] of range(1, rows).entries())
      assert.ok(lines[at + 1]?.includes(`/certificate/${serialOf(number)},`), lines[at + 1])
  })

test('the rows of an audit report equal the output of reportForms and include revocations', async (t) => {
  const database = await openBulk(t)
  await issue(database, [1, 6])
  await revoke(database, [2, 5])
  const text = await textOf(database.bulk.auditReport(report('CSV')))
  const reasons = [
    'UNSPECIFIED',
    'KEY_COMPROMISE',
    'CERTIFICATE_AUTHORITY_COMPROMISE',
    'AFFILIATION_CHANGED',
    'SUPERSEDED',
    'CESSATION_OF_OPERATION',
  ]
  const rows = range(1, 6).map((number) =>
    reportForms.CSV.row(
      {
        certificateDer,
        serialNumber: Buffer.from(serialOf(number), 'hex'),
        templateName: 'EndEntityCertificate',
        requesterAccountId: undefined,
        requesterService: undefined,
        issuedAt: new Date(revokedAt + number * 1000),
        revocation:
          number >= 2 && number <= 5
            ? { revokedAt: new Date(revokedAt + number * 1000), reason: reasons[number % 6]! }
            : undefined,
      },
      authority,
    ),
  )
  assert.deepEqual(text.split('\n').slice(1, -1), rows)
  assert.ok(text.includes('"CN=bulk \\""quoted\\""\\, é"'))
})

test('an audit report whose reader has stopped does not block other work', async (t) => {
  const database = await openBulk(t)
  await issue(database, [1, 2000])
  await revoke(database, [1, 10])
  for await (const piece of database.bulk.auditReport(report('JSON'))) {
    assert.ok(piece.length > 0)
    break
  }
  const crl = await database.bulk.tbsCertList(fields, scope)
  assert.equal(crl.entries, 10)
  const rows = JSON.parse(await textOf(database.bulk.auditReport(report('JSON')))) as unknown[]
  assert.equal(rows.length, 2000)
})

test('concurrent requests for CRLs and audit reports receive their own results', async (t) => {
  const database = await openBulk(t)
  await issue(database, [1, 1200])
  await issue(database, [2001, 2700], 2)
  await revoke(database, [1, 700])
  const [one, two, crl, empty] = await Promise.all([
    textOf(database.bulk.auditReport(report('JSON', 1))),
    textOf(database.bulk.auditReport(report('JSON', 2))),
    database.bulk.tbsCertList(fields, scope),
    database.bulk.tbsCertList(fields, { ...scope, authorityNumber: 9 }),
  ])
  assert.equal((JSON.parse(one) as unknown[]).length, 1200)
  assert.equal((JSON.parse(two) as unknown[]).length, 700)
  assert.deepEqual([crl.entries, empty.entries], [700, 0])
})

test('failed bulk work is rejected with the reason, and the thread continues', async (t) => {
  const database = await openBulk(t)
  await revoke(database, [1, 3])
  await database.db.transaction([
    sql`insert into revocations (authority_number, certificate_number, serial_number, crl_id,
        revoked_at_ms, reason_code, not_after)
      values (2, 1, ${Uint8Array.of(1)}, null, 0, 7, ${notAfter})`,
    sql`insert into certificates (certificate_number, authority_number, serial_number,
        template_name, certificate_der, issued_at_ms, not_after)
      values (1, 2, ${Uint8Array.of(1)}, 'x', ${Uint8Array.of(1)}, 0, 0)`,
  ])
  const { bulk } = database
  await assert.rejects(
    bulk.tbsCertList(fields, { ...scope, authorityNumber: 2 }),
    /the bulk worker thread failed: .*reason code 7 does not exist/s,
  )
  await assert.rejects(
    textOf(bulk.auditReport(report('JSON', 2))),
    /the bulk worker thread failed: /,
  )
  const crl = await bulk.tbsCertList(fields, scope)
  assert.equal(crl.entries, 3)
})

test('a bulk client that was never used can be closed and rejects later requests', async (t) => {
  const { bulk } = await openBulk(t)
  await bulk.close()
  await assert.rejects(bulk.tbsCertList(fields, scope), /closed/)
  await assert.rejects(textOf(bulk.auditReport(report('CSV'))), /closed/)
  await bulk.close()
})

test('close rejects running bulk work and leaves no promise pending', async (t) => {
  const database = await openBulk(t)
  await revoke(database, [1, 80_000])
  const going = Array.from({ length: 3 }, () => database.bulk.tbsCertList(fields, scope))
  const outcomes = Promise.allSettled(going)
  await database.bulk.close()
  const settled = await Promise.race([outcomes, wait(10_000, 'still waiting', { ref: false })])
  assert.ok(Array.isArray(settled), 'all promises are settled')
  for (const { status } of settled) assert.equal(status, 'rejected')
})

test('close ends an unfinished audit report with an error', async (t) => {
  const database = await openBulk(t)
  await issue(database, [1, 3000])
  let pieces = 0
  await assert.rejects(async () => {
    for await (const piece of database.bulk.auditReport(report('JSON'))) {
      assert.ok(piece.length > 0)
      pieces += 1
      await database.bulk.close()
    }
  })
  assert.ok(pieces >= 1 && pieces <= 2, String(pieces))
})

test('each request for bulk work fails while the database cannot be opened', async (t) => {
  const database = await openBulk(t)
  const bulk = createBulkWork({ engine: 'sqlite', at: `${database.path}.missing` })
  for (let time = 0; time < 2; time += 1)
    await assert.rejects(bulk.tbsCertList(fields, scope), /unable to open|cannot open|no such/i)
  await bulk.close()
})

test('all pending requests are rejected when the bulk worker thread ends', async (t) => {
  const database = await openBulk(t)
  const bulk = createBulkWork({ engine: 'sqlite', at: `${database.path}.missing` })
  const going = Promise.allSettled(Array.from({ length: 5 }, () => bulk.tbsCertList(fields, scope)))
  const settled = await Promise.race([going, wait(10_000, 'still waiting', { ref: false })])
  assert.ok(Array.isArray(settled), 'all promises are settled')
  for (const { status } of settled) assert.equal(status, 'rejected')
  await bulk.close()
})

test('positions are counted correctly in each range, up to the limit', async (t) => {
  const { db, bulk } = await openBulk(t)
  const positions = [5, 6, 6, 9]
  await db.transaction(
    positions.map(
      (position, number) =>
        sql`insert into certificate_facets (facet, position, certificate_number)
          values (7, ${position}, ${number})`,
    ),
  )
  const between = (low: number, high: number, facet = 7) => ({ facets: [facet], low, high })
  const ranges = [between(5, 6), between(7, 8), between(0, 100), between(6, 9), between(5, 9, 8)]
  assert.deepEqual(await bulk.countByPosition(ranges, 100), [3, 0, 4, 3, 0])
  assert.deepEqual(await bulk.countByPosition([between(0, 100)], 2), [2])
  assert.deepEqual(await bulk.countByPosition([], 2), [])
})
