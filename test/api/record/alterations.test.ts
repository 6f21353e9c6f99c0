/** Tests that `signet verify` reports each row, leaf and tile that the database's own tools changed, removed, added or moved. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { withData } from '../../../src/data-folder/data-folder.ts'
import { insertIntent } from '../../../src/store/certificate-intents.ts'
import { appendEvent } from '../../../src/store/leaves.ts'
import {
  recorded,
  recordedTable,
  recordedTables,
  type RecordedTableName,
} from '../../../src/store/recorded-states.ts'
import { sql } from '../../../src/store/sql.ts'
import { createTokenKeyRecords } from '../../../src/store/token-keys.ts'
import { withAlteredData, type RunInCopy } from '../../support/altered-data.ts'
import { csr } from '../../support/csrs.ts'
import { issue } from '../../support/hierarchy.ts'
import { command } from '../../support/process.ts'
import { kindFlags, recordedKinds } from '../../support/record-kinds.ts'
import { revoke } from '../../support/revocation.ts'
import { searchable } from '../../support/search.ts'
import { TestService } from '../../support/service.ts'

let service: TestService
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-alterations-'))
  service = await TestService.start(kindFlags)
  // Adds rows to every recorded table.
  for (const kind of recordedKinds(service, folder)) if (kind.removes !== true) await kind.run()
  const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
  const arn = CertificateAuthorities[0].Arn
  const issueFor = (days: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        issue(service, { arn, csr: csr('ec-server') }, { validity: { Value: days, Type: 'DAYS' } }),
      ),
    )
  await issueFor(1, 4)
  const long = await issueFor(40, 16)
  for (const { arn: certificate } of long.slice(0, 8)) await revoke(service, certificate)
  await searchable(service)
  service.clock.advance({ days: 8 })
  await service.runJob('publish-crls')
  await service.runJob('delete-expired')
  await withData(service.config, async ({ db }) => {
    await createTokenKeyRecords(db, service.clock).insertIfAbsent({
      name: 'token',
      algorithm: 'EC_prime256v1',
      handle: 'pkcs11:token',
      subjectPublicKeyInfo: Uint8Array.of(1),
    })
    const intent = {
      authorityNumber: 1,
      serialNumber: new Uint8Array(16).fill(9),
      tbsCertificateDer: Uint8Array.of(1),
      signingAlgorithm: 'SHA256WITHECDSA',
      signerNumber: 1,
      templateName: 'EndEntityCertificate/V1',
      notAfter: new Date(Date.UTC(2030, 0)),
      crlId: undefined,
      requesterAccountId: service.config.accountId,
      requesterService: undefined,
      requesterArn: 'acm.amazonaws.com',
      requestedAt: service.clock.now(),
    } as const
    const context = { time: service.clock.now(), actor: { principal: 'test' } }
    // The intent has failed, so no job signs the certificate.
    const failed = sql`update certificate_intents
      set failed_at_ms = 1, failure_reason = 'test' where authority_number = 1`
    const insertion = insertIntent(intent, 10)
    await db.transaction(
      recorded([insertion, { ...failed, changes: insertion.changes ?? [] }], context),
    )
    // A number of leaves that fills more than one tile.
    const event = appendEvent({ time: service.clock.now(), actor: {} }, { event: 'test' })
    await db.transaction(Array.from({ length: 300 }, () => event))
  })
  await service.runJob('seal-record')
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

/** Tables that the record covers in a different form than the tables in `recordedTables`. */
const otherTables = [
  'certificates',
  'revocations',
  'retired_certificates',
  'record_leaves',
  'record_tiles',
  'record_checkpoint',
]
/** Tables whose rows are only counters, caches or schedules, or are derived from recorded rows. */
const tablesWithoutRecord = [
  'settings',
  'certificate_counts',
  'idempotency_tokens',
  'audit_reports',
  'expiry_announcements',
  'events',
  'job_outcomes',
  'authority_sharing',
  'acme_orders',
  'acme_authorizations',
  'acme_order_authorizations',
  'acme_challenges',
]
const names = Object.keys(recordedTables) as RecordedTableName[]

type Alteration = (run: RunInCopy) => Promise<unknown>

async function problemsAfter(alter: Alteration): Promise<string[]> {
  return withAlteredData(service, alter, async (data) => {
    const { stdout } = await command(['verify', '--data', data])
    return (JSON.parse(stdout) as { Problems: string[] }).Problems
  })
}

async function assertNamed(alter: Alteration, ...patterns: readonly RegExp[]): Promise<void> {
  const problems = await problemsAfter(alter)
  for (const pattern of patterns)
    assert.ok(
      problems.some((problem) => pattern.test(problem)),
      `${pattern} in ${JSON.stringify(problems.slice(0, 40))}`,
    )
}

/** A condition that selects a row in a table, with the condition's values. */
async function oneRow(
  run: RunInCopy,
  table: RecordedTableName,
): Promise<{ readonly condition: string; readonly values: (string | number)[] }> {
  const key = table === 'tags' ? ['tag_key'] : recordedTable(table).key
  const [row] = await run(`select ${key.join(', ')} from ${table} order by 1 limit 1`)
  assert.ok(row, `${table} has no row`)
  return {
    condition: key.map((column) => `${column} = ?`).join(' and '),
    values: key.map((column) => row[column] as string | number),
  }
}

test('signet verify finds no problems before the alterations', async () => {
  const { code, stdout } = await command(['verify', '--data', service.config.dataDirectory])
  assert.deepEqual([code, JSON.parse(stdout).Problems], [0, []])
})

test('every table of the database is covered by the record, or known not to be', async () => {
  const tables = await withData(service.config, async ({ engine }) => {
    const snapshot = await engine.openSnapshot()
    await snapshot.close()
    return snapshot.tables.map(({ name }) => name)
  })
  const known = [...names, ...otherTables, ...tablesWithoutRecord]
  assert.deepEqual(tables.toSorted(), known.toSorted())
})

/** Values for columns with constraints. All columns without constraints are set to an integer, even if they contain text. */
const constrained: Readonly<Record<string, string>> = {
  'access_keys.active': '1 - active',
  'access_keys.user_id': 'null',
  'crls.kind': "'PARTITION'",
  'acme_binding_keys.reusable': '1 - reusable',
  'acme_accounts.status': "'revoked'",
}

test('every column of every recorded table is named if it is changed', async () => {
  // The record's key for a tag contains the ID of the tag's CA.
  const groups = Map.groupBy(names, (name) => name === 'authorities')
  for (const tables of groups.values())
    await assertNamed(
      async (run) => {
        for (const table of tables) {
          const { columns, digestColumn } = recordedTable(table)
          const { condition, values } = await oneRow(run, table)
          const changes = columns.map(
            (column) => `${column} = ${constrained[`${table}.${column}`] ?? '7654321'}`,
          )
          await run(`update ${table} set ${changes.join(', ')} where ${condition}`, ...values)
          if (digestColumn !== undefined)
            await run(
              `update ${table} set ${digestColumn} = ? where ${condition}`,
              Buffer.alloc(16, 7),
              ...values,
            )
        }
      },
      ...tables.map((table) => {
        const { columns, digestColumn = [] } = recordedTable(table)
        const all = [columns, digestColumn].flat().join(', ')
        return new RegExp(`^the row \\[.*\\] of ${table} was changed: ${all}$`)
      }),
    )
})

test('a removed row of every recorded table is named', async () => {
  await assertNamed(
    async (run) => {
      for (const table of names) {
        const { condition, values } = await oneRow(run, table)
        await run(`delete from ${table} where ${condition}`, ...values)
      }
    },
    ...names.map((table) => new RegExp(`^the row \\[.*\\] of ${table} was removed$`)),
  )
})

/** Columns other than the primary key whose values are unique. */
const uniqueColumns: Readonly<Record<string, readonly string[]>> = {
  users: ['user_name'],
  roles: ['role_name'],
  authorities: ['authority_number'],
  authority_certificates: ['authority_certificate_number'],
  crls: ['crl_id'],
  approvals: ['request_hash'],
  acme_accounts: ['key_thumbprint', 'acme_account_number'],
}

test('an added row of every recorded table, and one under another key, is named', async () => {
  const isNumber = (value: unknown): boolean => /^\d+$/.test(String(value))
  const other = (value: unknown): string | number | Uint8Array =>
    value instanceof Uint8Array ? Buffer.alloc(32, 9) : isNumber(value) ? '98765' : 'other'
  await assertNamed(
    async (run) => {
      for (const table of names) {
        const { condition, values } = await oneRow(run, table)
        const [row = {}] = await run(`select * from ${table} where ${condition}`, ...values)
        const key = table === 'tags' ? 'tag_key' : (recordedTable(table).key.at(-1) ?? '')
        const changed = [key, ...(uniqueColumns[table] ?? [])]
        const columns = Object.entries(row).filter(([, value]) => value !== null)
        await run(
          `insert into ${table} (${columns.map(([name]) => name).join(', ')})
            values (${columns.map(() => '?').join(', ')})`,
          ...columns.map(([name, value]) =>
            changed.includes(name) ? other(value) : (value as string | number | Uint8Array),
          ),
        )
        await run(
          `update ${table} set ${key} = ${isNumber(row[key]) ? 77_777 : "'moved'"} where ${condition}`,
          ...values,
        )
      }
    },
    ...names.flatMap((table) => [
      new RegExp(`^the row \\[.*(?:"other"|"?98765"?)\\] of ${table} was added$`),
      new RegExp(`^the row \\[.*(?:"moved"|"?77777"?)\\] of ${table} was added$`),
      new RegExp(`^the row \\[.*\\] of ${table} was removed$`),
    ]),
  )
})

const ofCa = 'of CA number 1'

test('every column of a certificate, and a removed, added or moved certificate, is named', async () => {
  const values: Readonly<Record<string, string>> = {
    certificate_der:
      '(select certificate_der from certificates order by certificate_number limit 1)',
    authority_certificate_number: 'null',
    template_name: "'x'",
    issued_at_ms: '7',
    not_after: '7',
    crl_id: '77',
    requester_account_id: "'x'",
    requester_service: "'x'",
    requester_arn: "'x'",
  }
  const serials: string[] = []
  const problems = await problemsAfter(async (run) => {
    const rows = await run(
      'select certificate_number, serial_number from certificates order by certificate_number desc limit 16',
    )
    const numbers = rows.map((row) => Number(row['certificate_number']))
    serials.push(
      ...rows.map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex')),
    )
    for (const [at, [column, value]] of Object.entries(values).entries())
      await run(
        `update certificates set ${column} = ${value} where certificate_number = ${numbers[at]}`,
      )
    const [serial, authority, removed, one, two] = numbers.slice(9)
    await run(
      'update certificates set serial_number = ? where certificate_number = ?',
      Buffer.alloc(16, 7),
      serial ?? 0,
    )
    await run(
      'update certificates set authority_number = 9 where certificate_number = ?',
      authority ?? 0,
    )
    await run('delete from certificates where certificate_number = ?', removed ?? 0)
    for (const [from = 0, to = 0] of [
      [one, -1],
      [two, one],
      [-1, two],
    ])
      await run(
        'update certificates set certificate_number = ? where certificate_number = ?',
        to,
        from,
      )
    await run(
      `insert into certificates (certificate_number, authority_number, serial_number, template_name,
          certificate_der, issued_at_ms, not_after)
        select 5000, authority_number, ?, template_name, certificate_der, issued_at_ms, not_after
        from certificates where certificate_number = ?`,
      Buffer.alloc(16, 8),
      two ?? 0,
    )
  })
  const expected = [
    ...Object.keys(values).map((_, at) => `the certificate ${serials[at]} ${ofCa} was changed`),
    `the certificate ${'07'.repeat(16)} ${ofCa} was added`,
    `the certificate ${serials[10]} of CA number 9 was added`,
    `the certificate ${'08'.repeat(16)} ${ofCa} was added`,
  ]
  for (const sentence of expected)
    assert.ok(problems.includes(sentence), `${sentence} in ${problems.join('\n')}`)
  for (const serial of serials.slice(9, 12))
    assert.ok(
      problems.some((problem) => problem.includes(`${serial} ${ofCa}, in leaf`)),
      `${serial} in ${problems.join('\n')}`,
    )
  assert.ok(problems.some((problem) => problem.endsWith('was moved: its number was changed')))
})

test('a changed, removed, added or moved revocation or retired certificate is named', async () => {
  const numbersOf = async (run: RunInCopy, table: string): Promise<number[]> =>
    (await run(`select certificate_number from ${table} order by certificate_number`)).map((row) =>
      Number(row['certificate_number']),
    )
  await assertNamed(
    async (run) => {
      for (const [table, changes] of [
        ['revocations', 'reason_code = 5'],
        ['retired_certificates', "requester_arn = 'x'"],
      ] as const) {
        const [changed, removed, one, two] = await numbersOf(run, table)
        await run(
          `insert into ${table} (${table === 'revocations' ? '' : 'template_name, subject_der, not_before, issued_at_ms, '}
              authority_number, certificate_number, serial_number, not_after, revoked_at_ms, reason_code)
            select ${table === 'revocations' ? '' : 'template_name, subject_der, not_before, issued_at_ms, '}
              authority_number, 4000, ?, not_after, 1, 1 from ${table} where certificate_number = ?`,
          Buffer.alloc(16, 7),
          one ?? 0,
        )
        await run(`update ${table} set ${changes} where certificate_number = ?`, changed ?? 0)
        await run(`delete from ${table} where certificate_number = ?`, removed ?? 0)
        for (const [from = 0, to = 0] of [
          [one, -1],
          [two, one],
          [-1, two],
        ])
          await run(
            `update ${table} set certificate_number = ? where certificate_number = ?`,
            to,
            from,
          )
      }
    },
    /^the revocation of [0-9a-f]{32} by CA number 1 was changed$/,
    /^the revocation of [0-9a-f]{32} by CA number 1 was removed$/,
    /^the revocation of (?:07){16} by CA number 1 was added$/,
    /^the revocation of [0-9a-f]{32} by CA number 1 was moved: its number was changed$/,
    /^the retired certificate [0-9a-f]{32} of CA number 1 was changed$/,
    /^retired certificate number \d+ was removed$/,
    /^the retired certificate (?:07){16} of CA number 1 was added$/,
  )
})

const exchange = async (run: RunInCopy, table: string, [one, two]: [number, number]) => {
  const column = table === 'record_leaves' ? 'leaf_number' : 'tile_number'
  const more = table === 'record_tiles' ? 'and tile_level = 0' : ''
  for (const [from = 0, to = 0] of [
    [one, -9],
    [two, one],
    [-9, two],
  ])
    await run(`update ${table} set ${column} = ${to} where ${column} = ${from} ${more}`)
}

test('a changed, removed, added or moved leaf is named', async () => {
  await assertNamed(
    async (run) => {
      await run('update record_leaves set entry = ? where leaf_number = 20', Buffer.alloc(9))
      await run("update record_leaves set state = 'x=-' where leaf_number = 1")
      await run('delete from record_leaves where leaf_number = 40')
      await exchange(run, 'record_leaves', [30, 31])
      await run(
        'insert into record_leaves (leaf_number, entry) select -1, entry from record_leaves where leaf_number = 2',
      )
      const [row] = await run('select max(leaf_number) as last from record_leaves')
      const last = Number(row?.['last'])
      await run(
        `insert into record_leaves (leaf_number, entry) values (${last + 5}, ?)`,
        Buffer.alloc(9),
      )
    },
    /^leaf 20 of the record was changed/,
    /^leaf 1 of the record was changed/,
    /^leaf 40 of the record was removed$/,
    /^leaf 30 of the record was moved: its position is 31/,
    /^leaf -1 of the record was added$/,
    /^leaf \d{3} of the record was removed$/,
  )
  await assertNamed(
    (run) =>
      run(
        'delete from record_leaves where leaf_number = (select max(leaf_number) from record_leaves)',
      ),
    /^leaf \d+ of the record was removed$/,
  )
})

async function changeTile(run: RunInCopy, [level, number]: [number, number]): Promise<void> {
  const condition = `where tile_level = ${level} and tile_number = ${number}`
  const [row] = await run(`select hashes from record_tiles ${condition}`)
  const hashes = Uint8Array.from(row?.['hashes'] as Uint8Array)
  hashes[3] = (hashes[3] ?? 0) ^ 1
  await run(`update record_tiles set hashes = ? ${condition}`, hashes)
}

test('a changed, removed, added or moved tile of each level is named', async () => {
  const added = 'insert into record_tiles select tile_level, 9, hashes from record_tiles'
  await assertNamed((run) => changeTile(run, [0, 0]), /^the tile 0\/000 of the record was changed/)
  await assertNamed(
    async (run) => {
      await changeTile(run, [0, 1])
      await run(`${added} where tile_number = 0`)
    },
    /^the tile 0\/001\.p\/\d+ of the record was changed/,
    /^the tile 0\/9 of the record was added/,
    /^the tile 1\/9 of the record was added/,
  )
  await assertNamed(
    (run) => changeTile(run, [1, 0]),
    /^the tile 1\/000\.p\/1 of the record was changed/,
  )
  await assertNamed(
    (run) => run('delete from record_tiles'),
    /^the tile 0\/000 of the record was removed/,
    /^the tile 0\/001\.p\/\d+ of the record was removed/,
    /^the tile 1\/000\.p\/1 of the record was removed/,
  )
  await assertNamed(
    (run) => exchange(run, 'record_tiles', [0, 1]),
    /^the tile 0\/000 of the record was changed/,
    /^the tile 0\/001\.p\/\d+ of the record was changed/,
  )
})

test('a changed or removed part of the log beside its leaves is named', async () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "update record_checkpoint set note = replace(note, '=', 'A')":
      /^the checkpoint of the record was altered/,
    'update record_checkpoint set tree_size = tree_size - 1':
      /^the checkpoint of the record was altered: the size in its row differs/,
    'delete from record_checkpoint': /^the checkpoint of the record was removed$/,
    "delete from keys where name = 'record'": /^the key of the record was removed$/,
    "delete from settings where name = 'record name'": /^the name of the record was removed$/,
    "delete from settings where name = 'record begun'":
      /^the setting that marks the start of the record was removed$/,
  }
  for (const [text, pattern] of Object.entries(cases))
    await withAlteredData(
      service,
      (run) => run(text),
      async (data) => {
        for (const words of [['verify'], ['log', 'verify']]) {
          const { code, stdout } = await command([...words, '--data', data])
          const { Problems } = JSON.parse(stdout) as { Problems: string[] }
          assert.equal(code, 1)
          assert.ok(
            Problems.some((problem) => pattern.test(problem)),
            `${words.join(' ')}: ${pattern} in ${Problems.join('\n')}`,
          )
        }
      },
    )
})
