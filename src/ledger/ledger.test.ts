/** The record in a database: its creation while other changes are made, missing parts, and altered tiles at every level. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { fixedSealers } from '../../test/support/fixed-sealers.ts'
import type { Authority } from '../authority/authority.ts'
import { createSealer } from '../sealer.ts'
import { systemRandom } from '../random.ts'
import { findAuthority } from '../store/authorities.ts'
import { insertCertificate } from '../store/certificates.ts'
import { openCrl } from '../store/crls.ts'
import type { Database } from '../store/database.ts'
import { appendLeaf } from '../store/leaves.ts'
import { recorded } from '../store/recorded-states.ts'
import { retireCertificate, selectRetirable } from '../store/retired-certificates.ts'
import { insertRevocation } from '../store/revocations.ts'
import { sql, type Row, type Sql } from '../store/sql.ts'
import { createLedger } from './ledger.ts'
import { findLogParts } from './log-parts.ts'
import { verifyRecord } from './verify/verify-record.ts'

const start = Date.UTC(2026, 0)
const day = 86_400_000
const now = new Date(start + 100 * day)
const clock = { now: () => now }
const serial = (last: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? last : 1))

/** Opens a database with a CA and its certificates 1 to 4. Certificates 1 and 2 are revoked. */
async function open(): Promise<TestDatabase> {
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
  const authority = await read(db)
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

/** Removes the leaves, as in a database that is older than the record. */
async function openOlder(): Promise<TestDatabase> {
  const database = await open()
  await database.db.transaction([sql`delete from record_leaves`])
  return database
}

async function read(db: Database): Promise<Authority> {
  const authority = await findAuthority(db, 'one')
  assert.ok(authority)
  return authority
}

async function problemsOf(db: Pick<Database, 'query'>): Promise<string[]> {
  const problems: string[] = []
  const options = { problem: (problem: string) => problems.push(problem) }
  await verifyRecord((statement) => db.query(statement), await findLogParts(db), options)
  return problems
}

/** Returns the problems found after changing the database with its own tools. The changes are then rolled back. */
async function problemsAfter(path: string, ...changes: readonly string[]): Promise<string[]> {
  using db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  const query = ({ text, values }: Sql): Promise<Row[]> =>
    Promise.resolve(db.prepare(text).all(...values) as Row[])
  db.exec('begin')
  for (const change of changes) db.exec(change)
  return await problemsOf({ query })
}

const ledgerOf = (db: Database) =>
  createLedger({
    db,
    clock,
    random: systemRandom,
    sealers: fixedSealers(createSealer(new Uint8Array(32), systemRandom)),
  })

/** Runs other changes once, right after the first query with this text. */
function racing(db: Database, text: RegExp, change: () => Promise<unknown>): Database {
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

async function retire(db: Database, number: number): Promise<void> {
  const [row] = await db.query(selectRetirable(number))
  assert.ok(row)
  const content = { subjectDer: Uint8Array.of(number), notBefore: new Date(start) }
  await db.transaction(retireCertificate(row, content, { now, before: now }))
}

test('a certificate that is retired while the record begins is not reported', async () => {
  for (const text of [
    /from certificates\s+where/,
    /from revocations r/,
    /from retired_certificates/,
  ]) {
    await using database = await openOlder()
    const { db } = database
    const ledger = ledgerOf(racing(db, text, () => retire(db, 1)))
    assert.ok((await ledger.seal()) > 0)
    const [{ retired } = {}] = await db.query(
      sql`select count(*) as retired from retired_certificates`,
    )
    assert.equal(Number(retired), 1)
    assert.deepEqual(await problemsOf(db), [], text.source)
  }
})

test('a CRL that is opened while the record begins is not reported', async () => {
  await using database = await openOlder()
  const { db } = database
  const change = async (): Promise<void> => {
    const statements = openCrl(await read(db), { name: 'one', kind: 'COMPLETE' }, now)
    await db.transaction(recorded(statements, { time: now, actor: { principal: 'test' } }))
  }
  await ledgerOf(racing(db, /from revocations r/, change)).seal()
  assert.deepEqual(await problemsOf(db), [])
})

test('each altered column of revocations and retired certificates is named', async () => {
  for (const openThis of [open, openOlder]) {
    await using database = await openThis()
    const { db } = database
    const ledger = ledgerOf(db)
    if (openThis === openOlder) {
      await ledger.seal()
      await retire(db, 3)
    } else {
      await retire(db, 3)
      await ledger.seal()
    }
    const statements = openCrl(await read(db), { name: 'one', kind: 'COMPLETE' }, now)
    await db.transaction(recorded(statements, { time: now, actor: { principal: 'test' } }))
    await ledger.seal()
    assert.deepEqual(await problemsOf(db), [])
    const [stored] = await db.query(sql`select crl_id from revocations`)
    assert.equal(typeof stored?.['crl_id'], 'number', 'the first CRL lists earlier revocations')
    const cases: [string, RegExp][] = [
      ...[
        'crl_id = null',
        'crl_id = 77',
        'not_after = 5',
        'revoked_at_ms = 5',
        'reason_code = 5',
      ].map((change): [string, RegExp] => [
        `update revocations set ${change} where certificate_number = 1`,
        /^the revocation of 0101.*01 by CA number 1 was changed$/,
      ]),
      [
        'update revocations set certificate_number = -1 where certificate_number = 1',
        /^the revocation of 0101.*01 by CA number 1 was moved: its number was changed$/,
      ],
      [
        'delete from revocations where certificate_number = 1',
        /^the revocation of .* was removed$/,
      ],
      ...[
        'authority_number = 2',
        "serial_number = x'07'",
        "template_name = 'x'",
        "subject_der = x'07'",
        'not_before = 1',
        'not_after = 1',
        'issued_at_ms = 1',
        'revoked_at_ms = 1',
        'reason_code = 1',
        "requester_account_id = 'x'",
        "requester_service = 'x'",
        "requester_arn = 'x'",
      ].map((change): [string, RegExp] => [
        `update retired_certificates set ${change}`,
        /^the retired certificate [0-9a-f]+ of CA number \d was changed$/,
      ]),
      ['delete from retired_certificates', /^retired certificate number 3 was removed$/],
      [
        'update retired_certificates set certificate_number = 77',
        /^the retired certificate 0101.*03 of CA number 1 was added$/,
      ],
      [
        `insert into certificates (certificate_number, authority_number, serial_number, template_name,
            certificate_der, issued_at_ms, not_after)
          select certificate_number, authority_number, serial_number, template_name, x'03',
            issued_at_ms, not_after from retired_certificates`,
        /^the certificate 0101.*03 of CA number 1 was added, after it was retired$/,
      ],
    ]
    for (const [change, pattern] of cases) {
      const problems = await problemsAfter(database.path, change)
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        `${change}: ${JSON.stringify(problems)}`,
      )
    }
  }
})

const lost: readonly (readonly string[])[] = [
  ['delete from record_checkpoint'],
  ["delete from keys where name = 'record'"],
  ["delete from settings where name = 'record name'"],
  ["delete from settings where name = 'record begun'"],
  ['delete from record_checkpoint', "delete from settings where name = 'record begun'"],
  [
    'delete from record_checkpoint',
    "delete from settings where name = 'record name'",
    "delete from keys where name = 'record'",
  ],
  [
    'delete from record_checkpoint',
    "delete from settings where name like 'record %'",
    "delete from keys where name = 'record'",
  ],
]

test('a record of which some parts were removed is not continued after a restart, and its parts are named', async () => {
  for (const statements of lost) {
    await using database = await open()
    const { db } = database
    await ledgerOf(db).seal()
    await db.transaction(statements.map((text) => ({ text, values: [] })))
    await db.transaction([appendLeaf({ kind: 'event', time: now, principal: 'test' })])
    const before = await db.query(sql`select * from record_leaves`)
    for (const ledger of [ledgerOf(db), ledgerOf(db)]) {
      await assert.rejects(ledger.seal(), { name: 'RecordAlteredError' }, statements.join())
      await assert.rejects(ledger.seal(), { name: 'RecordAlteredError' })
    }
    assert.deepEqual(await db.query(sql`select * from record_leaves`), before)
    assert.match(
      (await problemsOf(db)).join('\n'),
      /^the (?:key of the record|name of the record|checkpoint of the record|setting that marks the start of the record) was removed$/m,
    )
  }
})

test('a server that stops before its first checkpoint continues the log', async () => {
  await using database = await open()
  const { db } = database
  const unable = racing(db, /from record_leaves/, () => Promise.reject(new Error('unable')))
  await assert.rejects(ledgerOf(unable).seal(), /unable/)
  const { checkpoint } = await findLogParts(db)
  assert.equal(checkpoint?.size, 0)
  assert.ok((await ledgerOf(db).seal()) > 0)
  assert.deepEqual(await problemsOf(db), [])
})

test('nodes that begin a record at the same time create one log', async () => {
  await using database = await open()
  const { db } = database
  const ledgers = [ledgerOf(db), ledgerOf(db), ledgerOf(db)]
  await Promise.all(ledgers.map((ledger) => ledger.seal()))
  for (const ledger of ledgers) await ledger.seal()
  assert.deepEqual(await problemsOf(db), [])
  const [{ names } = {}] = await db.query(
    sql`select count(*) as names from settings where name = 'record name'`,
  )
  assert.equal(Number(names), 1)
})

test('an altered tile of each level is named', async () => {
  await using database = await open()
  const { db } = database
  const leaf = appendLeaf({ kind: 'event', time: now, principal: 'test' })
  const leaves = 256 * 256 + 300
  for (let written = 0; written < leaves; written += 5000)
    await db.transaction(Array.from({ length: Math.min(5000, leaves - written) }, () => leaf))
  const ledger = ledgerOf(db)
  while ((await ledger.seal()) > 0);
  const where = (level: number, number: number): string =>
    `where tile_level = ${level} and tile_number = ${number}`
  const zeros = 'update record_tiles set hashes = zeroblob(length(hashes))'
  const cases: [readonly string[], readonly string[]][] = [
    [[`${zeros} ${where(1, 0)}`], ['1/000 of the record was changed']],
    [
      [
        `${zeros} ${where(1, 1)}`,
        ...[0, 1, 2].map(
          (level) =>
            `insert into record_tiles select ${level}, 900, hashes from record_tiles ${where(0, 0)}`,
        ),
      ],
      [
        '0/900 of the record was added',
        '1/900 of the record was added',
        '2/900 of the record was added',
        '1/001.p/1 of the record was changed',
      ],
    ],
    [
      [0, 1, 2].map((level) => `delete from record_tiles ${where(level, level === 0 ? 7 : 0)}`),
      [
        '0/007 of the record was removed',
        '1/000 of the record was removed',
        '2/000.p/1 of the record was removed',
      ],
    ],
    [
      [
        [0, -1],
        [9, 0],
        [-1, 9],
      ]
        .map(([from = 0, to]) => `update record_tiles set tile_number = ${to} ${where(0, from)}`)
        .concat(`${zeros} ${where(2, 0)}`),
      [
        '0/000 of the record was changed',
        '0/009 of the record was changed',
        '2/000.p/1 of the record was changed',
      ],
    ],
  ]
  for (const [changes, expected] of cases) {
    const problems = await problemsAfter(database.path, ...changes)
    const named = problems.filter((problem) => problem.startsWith('the tile '))
    assert.deepEqual(
      named,
      expected.map((tile) => `the tile ${tile}`),
      problems.join('\n'),
    )
  }
})
