/** Tests of `signet serve --dev`, which starts a test server with temporary data and a publicly known access key. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/settings/config.ts'
import {
  command,
  signet,
  spawnCommand,
  startServerOn,
  type ServerProcess,
} from '../support/process.ts'

function startDevServer(): Promise<ServerProcess> {
  return startServerOn([process.execPath, signet], { flags: ['--dev'] })
}

/** Finds a server's data folder from the files that the server has open. */
function dataFolderOf({ child }: ServerProcess): string {
  const descriptors = `/proc/${child.pid}/fd`
  const paths = readdirSync(descriptors).map((name) => readlinkSync(`${descriptors}/${name}`))
  return paths.map((path) => /.*\/signet-embedded-[^/]+/.exec(path)?.[0]).find(Boolean) ?? ''
}

test('signet serve --dev accepts the access key test/test and serves OCSP responses', async (t) => {
  const server = await startDevServer()
  t.after(() => server.stop('SIGTERM'))
  const environment = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  }
  const created = await command(
    ['init-hierarchy', '--endpoint', server.url, '--output', 'json'],
    environment,
  )
  assert.equal(created.code, 0, created.stderr)
  const listed = await command(
    ['ca', 'list', '--endpoint', server.url, '--output', 'json'],
    environment,
  )
  assert.match(listed.stdout, /Example Issuing CA/)
  const wrong = { ...environment, AWS_SECRET_ACCESS_KEY: 'other' }
  assert.notEqual((await command(['ca', 'list', '--endpoint', server.url], wrong)).code, 0)
  const ocsp = await fetch(`${server.publicUrl}/ocsp`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/ocsp-request' },
    body: new Uint8Array([0x30, 0x00]),
  })
  assert.equal(ocsp.headers.get('content-type'), 'application/ocsp-response')
})

test('the output has the data folder, which other commands accept, and an error has the source of a wrong access key', async (t) => {
  const server = await startDevServer()
  t.after(() => server.stop('SIGTERM'))
  const [, data = ''] = /^Data: (\S+), removed when the server stops/m.exec(server.stdout()) ?? []
  const created = await command(['bucket', 'create', 'dev-crls', '--data', data])
  assert.equal(created.code, 0, created.stderr)
  const listed = await command(['ca', 'list', '--data', data, '--output', 'json'])
  assert.deepEqual([listed.code, listed.stdout], [0, '[]\n'], listed.stderr)
  const other = await mkdtemp(join(tmpdir(), 'signet-other-'))
  t.after(() => rm(other, { recursive: true }))
  const keys = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wrong\n'
  await writeFile(join(other, 'credentials'), keys)
  const refused = await command(['ca', 'list', '--endpoint', server.url, '--data', other])
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    /; the access key is from \S+credentials; select other credentials with --data, --profile or --aws-credentials$/m,
  )
})

test(
  'the data folder is removed when SIGTERM stops the server',
  { skip: process.platform !== 'linux' && 'the test reads /proc' },
  async () => {
    const server = await startDevServer()
    const folder = dataFolderOf(server)
    assert.ok(existsSync(folder), folder)
    assert.equal(await server.stop('SIGTERM'), 0)
    assert.equal(existsSync(folder), false)
  },
)

test('--dev refuses settings for stored data, and addresses that other machines can reach', async () => {
  for (const flag of ['data', 'database', 'masterKeyFile', 's3Endpoint'])
    assert.throws(
      () => readConfig({ dev: 'true', [flag]: valueOf(flag) }, {}),
      /--dev cannot be combined with --/,
      flag,
    )
  assert.throws(
    () => readConfig({ dev: 'true', publicListen: '0.0.0.0:0' }, {}),
    /--dev has a public access key, so the server listens only on loopback addresses/,
  )
  const { code, stderr } = await spawnCommand(['serve', '--dev', '--data', 'x'])
  assert.equal(code, 2)
  assert.match(stderr, /--dev cannot be combined with --data/)
})

function valueOf(flag: string): string {
  if (flag === 'database') return 'postgres://signet@127.0.0.1/signet'
  return flag === 's3Endpoint' ? 'http://127.0.0.1:1' : 'x'
}
