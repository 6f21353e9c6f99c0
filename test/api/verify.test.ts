/** Tests that `signet verify` reports no problems for intact data, and detects every type of damage. */
import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { createEmbeddedObjectStore } from '../../src/objects/embedded-object-store.ts'
import { systemRandom } from '../../src/random.ts'
import type { Row } from '../../src/store/sql.ts'
import { copyOfDatabase, databaseUrl, noteDatabase } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import { runInPostgres } from '../support/postgres.ts'
import { command, type Outcome } from '../support/process.ts'
import {
  allPublished,
  crlBucket,
  crlConfiguration,
  crlThat,
  crlWith,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { createBoundEndpoint } from '../support/endpoints.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let root: Awaited<ReturnType<typeof createRoot>>
let serial: string
let other: string
let crlKey: string
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  root = await createRoot(service, { more: revocationOptions() })
  const authority = { arn: root.arn, csr: csr('ec-server') }
  const subordinate = await createSubordinate(service, root, { keyAlgorithm: 'RSA_2048' })
  await issue(
    service,
    { arn: subordinate.arn, csr: csr('ec-server') },
    { signingAlgorithm: 'SHA256WITHRSA' },
  )
  const partitioned = await createRoot(service, {
    more: revocationOptions(crlConfiguration({ CrlType: 'PARTITIONED' })),
  })
  const bound = await issue(service, { arn: partitioned.arn, csr: csr('ec-server') })
  await revoke(service, bound.arn)
  const revoked = await issue(service, authority)
  serial = lastOf(revoked.arn)
  other = lastOf((await issue(service, authority)).arn)
  await revoke(service, revoked.arn)
  await crlWith(service, revoked.arn)
  await createBoundEndpoint(service, { name: 'web', ca: root.arn })
  await createAuthority(service)
  const deleted = await createRoot(service)
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: deleted.arn,
    Status: 'DISABLED',
  })
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn: deleted.arn })
  crlKey = `crl/${lastOf(root.arn)}.crl`
  await crlThat(service, crlKey, ({ entries }) => entries.size > 0)
  await allPublished(service)
})
after(() => service.close())

const verify = (data: string): Promise<Outcome> => command(['verify', '--data', data])

test('signet verify finds no problems in the data of a running server', async () => {
  const { code, stdout, stderr } = await verify(service.config.dataDirectory)
  assert.deepEqual([code, stderr], [0, ''])
  const found = JSON.parse(stdout)
  const counts = (table: string): Promise<Members> =>
    service.inDatabase(`select count(*) as n from ${table}`)
  for (const [member, table] of [
    ['Keys', 'keys'],
    ['AccessKeys', 'access_keys'],
    ['Authorities', 'authorities'],
    ['AuthorityCertificates', 'authority_certificates'],
    ['Certificates', 'certificates'],
    ['Revocations', 'revocations'],
    ['Crls', 'crls'],
  ] as const)
    assert.equal(found[member], Number((await counts(table))[0].n), member)
  assert.deepEqual(
    [
      found.Ok,
      found.ProblemCount,
      found.Problems,
      found.CrlsDue,
      found.RevocationsWithoutCertificate,
    ],
    [true, 0, [], [], 0],
  )
  const table = await command([
    'verify',
    '--data',
    service.config.dataDirectory,
    '--output',
    'table',
  ])
  assert.equal(table.code, 0)
})

describe('damage', () => {
  const isFile = (): boolean => service.config.database === undefined

  before(async () => {
    // PostgreSQL can copy a database only while no connections to it exist.
    if (!isFile()) await service.stop()
  })

  /** A copy of the database without foreign key enforcement. */
  interface Copy {
    run(text: string, ...values: readonly (string | number | Uint8Array)[]): Promise<Row[]>
    close(): void
  }

  type Damage = (copy: Copy, data: string) => unknown

  function copyOfFile(data: string): Copy {
    const db = new DatabaseSync(join(data, 'signet.sqlite'), { enableForeignKeyConstraints: false })
    return {
      run: (text, ...values) => Promise.resolve(db.prepare(text).all(...values) as Row[]),
      close: () => db.close(),
    }
  }

  async function copyOnServer(data: string, database: string): Promise<Copy> {
    const copy = await copyOfDatabase(database)
    noteDatabase(data, databaseUrl(copy))
    const setting = `alter database ${copy.database} set session_replication_role = replica`
    await runInPostgres(copy, setting, [])
    return { run: (text, ...values) => runInPostgres(copy, text, values), close: () => undefined }
  }

  /** Damages a copy of the data folder and its database, and returns the problems that verify finds. */
  async function problemsAfter(damage: Damage): Promise<string[]> {
    const data = await mkdtemp(join(tmpdir(), 'signet-damaged-'))
    try {
      await cp(service.config.dataDirectory, data, {
        recursive: true,
        filter: (path) => !/lock|-shm$/.test(path.slice(service.config.dataDirectory.length)),
      })
      const { database } = service.config
      const copy =
        database === undefined ? copyOfFile(data) : await copyOnServer(data, database.database)
      await damage(copy, data)
      copy.close()
      const { code, stdout, stderr } = await verify(data)
      const found = JSON.parse(stdout)
      assert.equal(
        stderr,
        `signet: ${found.ProblemCount} problem${found.ProblemCount === 1 ? '' : 's'} found\n`,
      )
      assert.deepEqual([code, found.Ok], [1, false])
      return found.Problems
    } finally {
      await rm(data, { recursive: true })
    }
  }

  const flip = (der: Uint8Array, at: number): Uint8Array =>
    Uint8Array.from(der, (byte, index) => (index === at ? byte ^ 1 : byte))

  /** The column that identifies a row in any table. */
  const rowIdColumn = (): string => (isFile() ? 'rowid' : 'ctid')

  const change =
    (table: string, column: string, at = -1): Damage =>
    async (copy) => {
      const [row] = await copy.run(
        `select ${rowIdColumn()} as id, ${column} as value from ${table} limit 1`,
      )
      const value = row!['value'] as Uint8Array
      const changed = flip(value, at < 0 ? value.length + at : at)
      const id = row!['id'] as string | number
      await copy.run(`update ${table} set ${column} = ? where ${rowIdColumn()} = ?`, changed, id)
    }

  const exec =
    (text: string): Damage =>
    (copy) =>
      copy.run(text.replaceAll('rowid', rowIdColumn()))

  async function putCrl(data: string, body: Uint8Array): Promise<void> {
    const store = createEmbeddedObjectStore({
      directory: join(data, 'objects'),
      publicUrl: '',
      clock: service.clock,
      random: systemRandom,
    })
    const { accountId } = service.config
    await store.put({ bucket: crlBucket, key: crlKey }, body, {
      acl: 'PUBLIC_READ',
      contentType: 'application/pkix-crl',
      accountId,
    })
  }

  const kinds: Record<string, [Damage, RegExp]> = {
    'the signature of a certificate': [
      change('certificates', 'certificate_der'),
      /certificate .* is not signed by/,
    ],
    'a malformed certificate': [
      change('certificates', 'certificate_der', 0),
      /certificate .* cannot be read/,
    ],
    'a certificate in the row of another certificate': [
      (copy) =>
        copy.run(
          `update certificates set certificate_der = (select certificate_der from certificates
            where serial_number = ?) where serial_number = ?`,
          Buffer.from(serial, 'hex'),
          Buffer.from(other, 'hex'),
        ),
      /does not match its row/,
    ],
    'the expiry time of a certificate': [
      exec('update certificates set not_after = not_after + 1 where certificate_number = 2'),
      /does not match its row/,
    ],
    'the issuer of a certificate': [
      exec(`update certificates set authority_certificate_number =
        (select max(authority_certificate_number) from authority_certificates)
        where certificate_number = 2`),
      /refers to a CA certificate that is missing or unreadable|is not signed by/,
    ],
    'a CA certificate': [
      change('authority_certificates', 'certificate_der'),
      /CA certificate 1 .* not signed/,
    ],
    'the row of a CA certificate': [
      exec('update authority_certificates set not_before = 0'),
      /CA certificate 1 .* does not match its row/,
    ],
    'a missing key': [
      exec("delete from keys where rowid = (select min(rowid) from keys where name <> 'record')"),
      /the key local:.* is missing/,
    ],
    'a private key': [change('keys', 'private_key_sealed'), /private key .* cannot be decrypted/],
    'a data key': [change('keys', 'data_key_sealed'), /private key .* cannot be decrypted/],
    'a public key': [
      change('keys', 'subject_public_key_info'),
      /private key .* cannot be decrypted, or does not match its public key/,
    ],
    'the secret of an access key': [
      change('access_keys', 'secret_sealed'),
      /secret of the access key .* cannot be decrypted/,
    ],
    'an EAB key': [
      change('acme_binding_keys', 'mac_key_sealed'),
      /EAB key .* of the ACME endpoint web cannot be decrypted/,
    ],
    'exchanged keys of two CAs': [
      exec(`update authorities set key_handle = 'local:' ||
        (select name from keys order by rowid desc limit 1) where authority_number = 1`),
      /key of the CA .* does not match its certificate/,
    ],
    'a missing revocation': [
      exec('delete from revocations where crl_id = (select min(crl_id) from crls)'),
      /entries belong to no stored revocation/,
    ],
    'a revocation without a certificate': [
      exec('update revocations set certificate_number = certificate_number + 1000000'),
      /does not belong to any certificate/,
    ],
    'the time of a revocation': [
      exec('update revocations set revoked_at_ms = revoked_at_ms - 5000'),
      /entries differ from the stored revocation/,
    ],
    'the certificate counts': [
      exec('update certificate_counts set issued = issued + 1'),
      /has a count of .* but .* exist/,
    ],
    'a missing certificate': [
      exec('delete from certificates where certificate_number = 2'),
      /has a count of .* issued certificates/,
    ],
    'a missing CRL': [
      (_db, data) => rm(join(data, 'objects', crlBucket), { recursive: true }),
      /the bucket .* does not exist|has no object/,
    ],
    'a malformed CRL': [
      (_db, data) => putCrl(data, Buffer.from('no CRL')),
      /the CRL .* cannot be read/,
    ],
    'a changed CRL': [
      async (_db, data) => {
        const der = await service.readObject(crlBucket, crlKey)
        await putCrl(data, flip(der!, der!.length - 1))
      },
      /the CRL .* is not signed by its CA/,
    ],
  }
  for (const [label, [damage, problem]] of Object.entries(kinds))
    test(`signet verify finds damage: ${label}`, async () => {
      const problems = await problemsAfter(damage)
      assert.ok(
        problems.some((line) => problem.test(line)),
        problems.join('\n'),
      )
    })

  test('signet verify finds a damaged page of the database file', async (t) => {
    if (!isFile()) return t.skip('the files of PostgreSQL are not accessible')
    const problems = await problemsAfter(async (copy, data) => {
      await copy.run('pragma wal_checkpoint(truncate)')
      const [index] = await copy.run(
        `select rootpage from sqlite_schema where name = 'certificates_by_authority'`,
      )
      const [page] = await copy.run('pragma page_size')
      const size = Number(page!['page_size'])
      const file = openSync(join(data, 'signet.sqlite'), 'r+')
      writeSync(file, Buffer.alloc(200, 0xff), 0, 200, (Number(index!['rootpage']) - 1) * size)
      closeSync(file)
    })
    assert.match(problems.join('\n'), /the database is damaged|cannot be read/)
  })
})
