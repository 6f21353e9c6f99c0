/** Tests that the record reveals changes to the database: altered rows, missing record entries, and altered tiles. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ledgerOf,
  now,
  openOlder,
  openRecorded,
  problemsAfter,
  problemsOf,
  readAuthority,
  retire,
} from '../../test/support/record-database.ts'
import { openCrl } from '../store/crls.ts'
import { appendLeaf } from '../store/leaves.ts'
import { recorded } from '../store/recorded-states.ts'
import { sql } from '../store/sql.ts'

test('each altered column of revocations and retired certificates is named', async () => {
  for (const openThis of [openRecorded, openOlder]) {
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
    const statements = openCrl(await readAuthority(db), { name: 'one', kind: 'COMPLETE' }, now)
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
        /^the certificate 0101.*03 of CA number 1 was added after its retirement$/,
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
    await using database = await openRecorded()
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

test('an altered tile of each level is named', async () => {
  await using database = await openRecorded()
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
