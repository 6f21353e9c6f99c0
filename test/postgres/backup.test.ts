/** Tests of migration from SQLite to PostgreSQL and back by backup and restore. Rows do not change, and row numbers continue. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { sqliteSchema } from '../../src/store/sqlite/schema.ts'
import { postgresSchema } from '../../src/store/postgres/schema.ts'
import { versionsBeforePostgres } from '../../src/store/tables.ts'
import { databaseUrl } from '../support/chosen-database.ts'
import { BackupFolder, contentOf, withoutRestoration } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { command, startServer } from '../support/process.ts'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../support/postgres.ts'
import {
  allPublished,
  crlBucket,
  crlWith,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

test('both engines have the same schema version', () => {
  assert.equal(sqliteSchema.length, postgresSchema.length + versionsBeforePostgres)
})

test('a migration to PostgreSQL and back keeps all rows, and row numbers continue after them', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new BackupFolder()
  const service = await TestService.start({ crlDelay: '0' })
  t.after(() => service.close())
  await service.createBucket(crlBucket)
  const root = await createRoot(service, { more: revocationOptions() })
  const first = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await revoke(service, first.arn)
  await crlWith(service, first.arn)
  await allPublished(service)
  const { dataDirectory } = service.config

  await folder.backUp('one', ['--data', dataDirectory])
  const options = await server.createDatabase()
  const url = databaseUrl(options)
  const onPostgres = ['--data', folder.file('node'), '--database', url]
  await folder.restore('one', onPostgres)
  const migrated = await contentOf(options)
  const original = await contentOf(join(dataDirectory, 'signet.sqlite'))
  assert.deepEqual(withoutRestoration(migrated), withoutRestoration(original))

  await folder.backUp('two', onPostgres)
  const back = ['--data', folder.file('back')]
  await folder.restore('two', back)
  const returned = await contentOf(join(folder.file('back'), 'signet.sqlite'))
  assert.deepEqual(withoutRestoration(returned), withoutRestoration(original))

  // New rows receive unused numbers on both engines.
  for (const flags of [onPostgres, back])
    assert.equal((await command(['account', 'create', '210987654321', ...flags])).code, 0)
  const started = await startServer(folder.file('node'), ['--database', url])
  t.after(() => started.stop('SIGTERM'))
  const db = await openTestPostgres(options)
  const [, rows = []] = await db.transaction([
    {
      text: `insert into certificates (authority_number, serial_number, template_name,
        certificate_der, issued_at_ms, not_after)
      select authority_number, ?, '', ?, 0, 0 from authorities`,
      values: [new Uint8Array(16), new Uint8Array(1)],
    },
    { text: 'select max(certificate_number) as n from certificates', values: [] },
  ])
  await db.close()
  assert.equal(rows[0]?.['n'], original.get('certificates')!.length + 1)
})

test('a restore refuses a PostgreSQL database that contains Signet tables, and leaves it unchanged', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new BackupFolder()
  const service = await TestService.start()
  t.after(() => service.close())
  await folder.backUp('one', ['--data', service.config.dataDirectory])
  const options = await server.createDatabase()
  await (await openTestPostgres(options)).close()
  const before = await contentOf(options)
  const { code, stdout, stderr } = await folder.tryRestore('one', [
    '--data',
    folder.file('node'),
    '--database',
    databaseUrl(options),
  ])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /is not empty/)
  assert.deepEqual(await contentOf(options), before)
})

test('a failed restore into PostgreSQL leaves nothing behind', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new BackupFolder()
  const service = await TestService.start()
  t.after(() => service.close())
  await folder.backUp('one', ['--data', service.config.dataDirectory])
  const options = await server.createDatabase()
  // The restore detects the wrong master key only after it has inserted all rows.
  const flags = ['--data', folder.file('node'), '--database', databaseUrl(options)]
  const other = await TestService.start()
  t.after(() => other.close())
  const otherKey = join(other.config.dataDirectory, 'master.key')
  const outcome = await folder.tryRestore('one', [...flags, '--master-key-file', otherKey])
  assert.equal(outcome.code, 2)
  assert.match(outcome.stderr, /master key .* does not match the database/)
  assert.deepEqual(
    await server.admin(`select 1 from pg_namespace where nspname = 'signet'`, options.database),
    [],
  )
  await folder.restore('one', flags)
})
