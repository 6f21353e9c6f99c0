/** From SQLite to PostgreSQL and back by backup and restore: the same rows, and numbers that go on. */
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

test('a schema version means the same on both engines', () => {
  assert.equal(sqliteSchema.length, postgresSchema.length + versionsBeforePostgres)
})

test('all rows come to PostgreSQL and back, and numbers go on above them', async (t) => {
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
  const place = await server.createDatabase()
  const url = databaseUrl(place)
  const onPostgres = ['--data', folder.file('node'), '--database', url]
  await folder.restore('one', onPostgres)
  const there = await contentOf(place)
  const original = await contentOf(join(dataDirectory, 'signet.sqlite'))
  assert.deepEqual(withoutRestoration(there), withoutRestoration(original))

  await folder.backUp('two', onPostgres)
  const back = ['--data', folder.file('back')]
  await folder.restore('two', back)
  const again = await contentOf(join(folder.file('back'), 'signet.sqlite'))
  assert.deepEqual(withoutRestoration(again), withoutRestoration(original))

  // Whoever writes next gets a number of its own, on either engine.
  for (const where of [onPostgres, back])
    assert.equal((await command(['account', 'create', '210987654321', ...where])).code, 0)
  const started = await startServer(folder.file('node'), ['--database', url])
  t.after(() => started.stop('SIGTERM'))
  const db = await openTestPostgres(place)
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

test('a PostgreSQL database with something of ours in it is refused, and not touched', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new BackupFolder()
  const service = await TestService.start()
  t.after(() => service.close())
  await folder.backUp('one', ['--data', service.config.dataDirectory])
  const place = await server.createDatabase()
  await (await openTestPostgres(place)).close()
  const before = await contentOf(place)
  const { code, stdout, stderr } = await folder.tryRestore('one', [
    '--data',
    folder.file('node'),
    '--database',
    databaseUrl(place),
  ])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /is not empty/)
  assert.deepEqual(await contentOf(place), before)
})

test('a restore into PostgreSQL that fails in the middle leaves nothing', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new BackupFolder()
  const service = await TestService.start()
  t.after(() => service.close())
  await folder.backUp('one', ['--data', service.config.dataDirectory])
  const place = await server.createDatabase()
  // Names are there, and are no master key: found after all rows are in.
  const where = ['--data', folder.file('node'), '--database', databaseUrl(place)]
  const other = await TestService.start()
  t.after(() => other.close())
  const otherKey = join(other.config.dataDirectory, 'master.key')
  const outcome = await folder.tryRestore('one', [...where, '--master-key-file', otherKey])
  assert.equal(outcome.code, 2)
  assert.match(outcome.stderr, /master key .* is not the one/)
  assert.deepEqual(
    await server.admin(`select 1 from pg_namespace where nspname = 'signet'`, place.database),
    [],
  )
  await folder.restore('one', where)
})
