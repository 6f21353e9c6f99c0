/** Tests of the administrator's access key from SIGNET_ROOT_ACCESS_KEY_ID and SIGNET_ROOT_SECRET_ACCESS_KEY. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/settings/config.ts'
import { parseCredentials } from '../../src/text/credentials-file.ts'
import { command, startServer } from '../support/process.ts'

const key = { accessKeyId: 'AKIAROOTEXAMPLE1', secretAccessKey: 's3cret/'.repeat(6) }
const environment = {
  SIGNET_ROOT_ACCESS_KEY_ID: key.accessKeyId,
  SIGNET_ROOT_SECRET_ACCESS_KEY: key.secretAccessKey,
}

test('the first start takes the access key from the environment, and a later start with a different access key logs a warning', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-root-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  const server = await startServer(data, [], environment)
  assert.deepEqual(parseCredentials(await readFile(join(data, 'credentials'), 'utf8')), key)
  assert.match(server.stdout(), /Back up .*master\.key/)
  assert.equal(await server.stop('SIGTERM'), 0)
  assert.ok(!`${server.stdout()}${server.stderr()}`.includes(key.secretAccessKey))
  const again = await startServer(data, [], environment)
  assert.equal(await again.stop('SIGTERM'), 0)
  const other = { ...environment, SIGNET_ROOT_SECRET_ACCESS_KEY: 'another'.repeat(6) }
  const changed = await startServer(data, ['--log-level', 'warn'], other)
  assert.equal(await changed.stop('SIGTERM'), 0)
  assert.match(changed.stderr(), /the root access key has no effect after the first start/)
  assert.ok(!changed.stderr().includes('another'.repeat(6)))
  assert.deepEqual(parseCredentials(await readFile(join(data, 'credentials'), 'utf8')), key)
})

test('an incomplete or invalid access key is reported without the secret', () => {
  const secretOnly = { SIGNET_ROOT_SECRET_ACCESS_KEY: key.secretAccessKey }
  assert.throws(() => readConfig({}, secretOnly), /requires SIGNET_ROOT_SECRET_ACCESS_KEY/)
  const short = { ...environment, SIGNET_ROOT_SECRET_ACCESS_KEY: 'hunter2' }
  assert.throws(
    () => readConfig({}, short),
    (error: Error) => /must have 16 to 256/.test(error.message) && !/hunter2/.test(error.message),
  )
  assert.ok(!JSON.stringify(readConfig({}, environment)).includes(key.secretAccessKey))
})

test('check-config prints (hidden) in place of the secret', async () => {
  const { code, stdout } = await command(['check-config', '--offline'], environment)
  assert.equal(code, 0)
  assert.equal((JSON.parse(stdout) as { RootKey: unknown }).RootKey, '(hidden)')
  assert.ok(!stdout.includes(key.secretAccessKey))
})

test('only the first start advises a backup, even if the credentials file was deleted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-root-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  await (await startServer(data)).stop('SIGTERM')
  await rm(join(data, 'credentials'))
  const again = await startServer(data)
  assert.equal(await again.stop('SIGTERM'), 0)
  assert.doesNotMatch(again.stdout(), /Back up/)
})
