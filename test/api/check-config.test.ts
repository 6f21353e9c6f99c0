/** Tests that `signet check-config` opens the files and services in the settings, and changes nothing. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { databaseFile } from '../../src/store/engines/index.ts'
import { insertSetting } from '../../src/store/metadata.ts'
import { createAtVersion, SqliteConnection } from '../../src/store/sqlite/connection.ts'
import { command, startServer } from '../support/process.ts'
import { freePort } from '../support/free-port.ts'
import { makeCertificate } from '../support/tls.ts'

let folder: string
const path = (name: string): string => join(folder, name)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-check-'))
})
after(() => rm(folder, { recursive: true, force: true }))

test('check-config reports all unusable files and services together', async () => {
  const [first, second] = [
    await makeCertificate(folder, 'one'),
    await makeCertificate(folder, 'two'),
  ]
  await writeFile(path('rates.json'), '[]')
  await writeFile(path('weak.txt'), 'not a list\n')
  await writeFile(path('password'), 'hunter2\n')
  await chmod(path('password'), 0o644)
  const port = await freePort()
  const flags = [
    '--data',
    path('one.pem'),
    '--tls-cert',
    first.cert,
    '--tls-key',
    second.key,
    '--tls-client-ca',
    path('absent.pem'),
    '--rates-file',
    path('rates.json'),
    '--weak-key-list',
    path('weak.txt'),
    '--call-log',
    path('nowhere/calls.jsonl'),
    '--database',
    `postgres://signet@127.0.0.1:${port}/signet`,
    '--database-password-file',
    path('password'),
    '--master-key-file',
    path('master.key'),
    '--s3-endpoint',
    `http://127.0.0.1:${port}`,
  ]
  const aws = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const { code, stdout, stderr } = await command(['check-config', ...flags], aws)
  assert.deepEqual([code, stdout], [2, ''])
  for (const problem of [
    /two\.key is not the key of/,
    /--tls-client-ca .*absent\.pem/,
    /--rates-file: .*rates\.json must be a JSON object/,
    /--weak-key-list: .*weak\.txt/,
    /--call-log: .*nowhere/,
    /--data: .*one\.pem is a file/,
    /password file .* chmod 600/,
    /--s3-endpoint: .*cannot be used/,
  ])
    assert.match(stderr, problem)
  assert.doesNotMatch(stderr, /hunter2/)
  assert.equal((await command(['check-config', '--offline', ...flags], aws)).code, 0)
})

test('check-config reports an unreachable PostgreSQL server', async () => {
  const url = `postgres://signet@127.0.0.1:${await freePort()}/signet`
  const { code, stderr } = await command(['check-config', '--database', url])
  assert.equal(code, 2)
  assert.match(stderr, /--database: cannot connect to PostgreSQL at 127\.0\.0\.1:\d+\/signet: /)
})

test('check-config compares the master key with the database, and creates no file', async () => {
  const data = path('data')
  await mkdir(path('empty'), { mode: 0o700 })
  assert.equal((await command(['check-config', '--data', path('empty')])).code, 0)
  assert.deepEqual(await readdir(path('empty')), [])
  assert.equal((await command(['check-config', '--data', path('absent')])).code, 0)
  const server = await startServer(data)
  assert.equal((await command(['check-config', '--data', data])).code, 0)
  await server.stop('SIGTERM')
  const files = await readdir(data)
  assert.equal((await command(['check-config', '--data', data])).code, 0)
  const key = `signet-master-key-1:${'0'.repeat(64)}\n`
  await writeFile(path('other.key'), key, { mode: 0o600 })
  const check = ['check-config', '--data', data, '--master-key-file']
  const wrong = await command([...check, path('other.key')])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /other\.key does not match the database/)
  const missing = await command([...check, path('none.key')])
  assert.match(missing.stderr, /none\.key does not exist/)
  assert.deepEqual(await readdir(data), files)
})

test('check-config looks up the CA of --tls-self in the database', async () => {
  const data = path('own')
  const check = (authority: string) =>
    command(['check-config', '--data', data, '--tls-self', authority])
  const absent = await check('Corp Issuing CA')
  assert.equal(absent.code, 2)
  assert.match(
    absent.stderr,
    /--tls-self: the certificate authority Corp Issuing CA does not exist/,
  )
  const server = await startServer(data)
  try {
    const created = await command(['init-hierarchy', '--data', data, '--name', 'Corp'])
    assert.equal(created.code, 0, created.stderr)
    assert.equal((await check('Corp Issuing CA')).code, 0)
  } finally {
    await server.stop('SIGTERM')
  }
  const files = await readdir(data)
  assert.equal((await check('Corp Issuing CA')).code, 0)
  assert.match((await check('Other CA')).stderr, /authority Other CA does not exist/)
  assert.deepEqual(await readdir(data), files)
})

test('check-config does not look up the CA of --tls-self in a database of an earlier schema', async () => {
  await mkdir(path('earlier'), { mode: 0o700 })
  const connection = new SqliteConnection(databaseFile({ dataDirectory: path('earlier') }), {
    readOnly: false,
  })
  createAtVersion(connection, 1)
  connection.run(insertSetting('master key check', new Uint8Array(1)))
  connection.exec(`insert into accounts values ('1', 0);
    insert into authorities (id, partition_name, region, account_id, type, usage_mode, key_storage_security_standard,
      configuration, revocation_configuration, status, created_at_ms, last_state_change_at_ms, revision)
    values ('a', 'aws', 'r', '1', 'ROOT', 'GENERAL_PURPOSE', 'FIPS_140_2_LEVEL_3_OR_HIGHER', '{}', '{}', 'ACTIVE', 0, 0, 1)`)
  connection.close()
  const flags = ['--data', path('earlier'), '--tls-self', 'Corp Issuing CA']
  const { stderr } = await command(['check-config', ...flags])
  assert.match(stderr, /master\.key does not exist/)
  assert.doesNotMatch(stderr, /--tls-self/)
})
