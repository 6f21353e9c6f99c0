/**
 * Tests of the server on Node.js 24, the oldest supported version. Also tests data folders that two versions of Node.js use
 * alternately.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createClient, type IssuedCertificate } from '../client/index.ts'
import { installNode } from './support/other-node.ts'
import { signet, startServerOn } from './support/process.ts'
import { readCredentials } from './support/service.ts'

const root = resolve(import.meta.dirname, '..')

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-node-24-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/**
 * Starts a server with workers on a version of Node.js, issues and revokes a certificate, and reads the certificates that
 * earlier servers issued.
 */
async function issueOn(
  node: string,
  data: string,
  earlier: readonly IssuedCertificate[],
): Promise<readonly IssuedCertificate[]> {
  const server = await startServerOn([node, signet], { data, flags: ['--workers', '2'] })
  const client = createClient({
    region: 'eu-central-1',
    endpoint: server.url,
    credentials: readCredentials(join(data, 'credentials')),
  })
  try {
    const { issuing } = await client.createHierarchy({
      root: { subject: { CommonName: 'Root' } },
      issuing: { subject: { CommonName: 'Issuing' } },
    })
    const issued = await client.issue({
      ca: issuing.arn,
      names: ['a.example'],
      validity: { days: 1 },
    })
    await client.revokeCertificate({
      CertificateAuthorityArn: issuing.arn,
      CertificateSerial: issued.serialNumber,
      RevocationReason: 'SUPERSEDED',
    })
    const all = [...earlier, issued]
    for (const { arn, certificate } of all) {
      const found = await client.getCertificate({
        CertificateAuthorityArn: issuing.arn,
        CertificateArn: arn,
      })
      assert.equal(found.Certificate?.trim(), certificate.trim())
    }
    return all
  } finally {
    client.close()
    assert.equal(await server.stop('SIGTERM'), 0)
    assert.equal(server.stderr(), '', 'Node.js prints no warning')
  }
}

test('Node.js 24 and the current Node.js can serve the same data folder in turn', async (t) => {
  const node = await installNode(t, folder, 24)
  if (node === undefined) return
  const { stdout } = await promisify(execFile)(node, ['--version'])
  assert.match(stdout, /^v24\./)
  assert.ok(!process.version.startsWith('v24.'), 'npm ci installs a newer Node.js')
  const data = join(folder, 'data')
  const first = await issueOn(node, data, [])
  const second = await issueOn(process.execPath, data, first)
  assert.equal((await issueOn(node, data, second)).length, 3)
})

for (const file of [
  'src/http/server.test.ts',
  'src/http/listener.test.ts',
  'src/store/sqlite/database.test.ts',
  'test/embedded.test.ts',
])
  test(`${file} passes on Node.js 24`, async (t) => {
    const node = await installNode(t, folder, 24)
    if (node === undefined) return
    // Without NODE_TEST_CONTEXT, the child process reports its results itself.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    await promisify(execFile)(node, ['--test', '--test-timeout=300000', file], { cwd: root, env })
  })
