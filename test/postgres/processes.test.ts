/** Tests of server processes and commands on PostgreSQL, started as an operator would start them. */
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { databaseUrl } from '../support/chosen-database.ts'
import { TestFolder } from '../support/database.ts'
import { sharedPostgres, TestPostgres } from '../support/postgres.ts'
import { command, startServer } from '../support/process.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

test('no output contains a password, and commands use the same database settings as the server', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new TestFolder()
  const url = databaseUrl(await server.createDatabase())
  const secret = url.replace('@', ':hunter2@')
  const config = await command(['check-config', '--database', secret])
  assert.equal(config.code, 0)
  assert.equal(
    (JSON.parse(config.stdout) as { Database: { Password: string } }).Database.Password,
    '(hidden)',
  )
  assert.doesNotMatch(config.stdout + config.stderr, /hunter2/)

  const data = folder.file('data')
  const empty = await command(['account', 'list', '--data', data], { SIGNET_DATABASE: secret })
  assert.equal(empty.code, 2)
  assert.match(empty.stderr, /PostgreSQL at .* does not contain a Signet database/)
  const password = folder.file('password')
  await writeFile(password, 'hunter2\n')
  await chmod(password, 0o600)
  const flags = ['--database', url, '--database-password-file', password]
  const running = await startServer(data, flags)
  const accounts = await command(['account', 'list', '--data', data, ...flags])
  assert.equal(accounts.code, 0, accounts.stderr)
  assert.equal(
    (JSON.parse(accounts.stdout) as { AccountId: string }[])[0]?.AccountId,
    '123456789012',
  )
  const check = ['check-config', '--data', data, ...flags, '--tls-self']
  const absent = await command([...check, 'Corp Issuing CA'])
  assert.match(
    absent.stderr,
    /--tls-self: the certificate authority Corp Issuing CA does not exist/,
  )
  const created = await command(['init-hierarchy', '--data', data, '--name', 'Corp'])
  assert.equal(created.code, 0, created.stderr)
  assert.equal((await command([...check, 'Corp Issuing CA'])).code, 0)
  const jobs = await command(['jobs', 'list', '--data', data, ...flags])
  assert.equal(jobs.code, 0, jobs.stderr)
  const unreachable = url.replace(/:\d+\//, ':1/').replace('@', ':hunter2@')
  const refused = await command(['account', 'list', '--data', data], {
    SIGNET_DATABASE: unreachable,
  })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^signet: PostgreSQL at 127\.0\.0\.1:1, database \w+ cannot be used/)
  assert.doesNotMatch(refused.stderr, /hunter2/)
  assert.equal(await running.stop('SIGTERM'), 0)
})
