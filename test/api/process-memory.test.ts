/** Tests that a server's memory, and therefore a core file, does not contain keys that the server must not have. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { clientOf } from '../support/process-client.ts'
import { memoryContainsFactor } from '../support/process-memory.ts'
import { startServer } from '../support/process.ts'
import { SoftHsm } from '../support/softhsm.ts'

const isLinux = process.platform === 'linux'

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-memory-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Issues certificates from an RSA CA, and returns whether the server's memory contains the CA's private key. */
async function containsCaKey(
  t: TestContext,
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<boolean> {
  const data = await newFolder(t)
  const server = await startServer(data, ['--workers', '1', ...flags], environment)
  t.after(() => server.stop('SIGKILL'))
  const client = clientOf(server, data)
  const root = await createRoot(client, { keyAlgorithm: 'RSA_2048' })
  const requested = { arn: root.arn, csr: csr('ec-server') }
  for (let count = 0; count < 20; count += 1)
    await issue(client, requested, { signingAlgorithm: 'SHA256WITHRSA' })
  const { n = '' } = new X509Certificate(root.certificate).publicKey.export({ format: 'jwk' })
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)
  return memoryContainsFactor(server.child.pid ?? 0, modulus)
}

test(
  'the memory of a server with CA keys in a token contains no private key',
  { skip: !isLinux },
  async (t) => {
    const hsm = await SoftHsm.create(t)
    if (hsm === undefined) return
    const token = ['--pkcs11-token', hsm.label, '--pkcs11-pin-file', hsm.pinFile]
    const flags = ['--ca-keys', 'pkcs11', '--pkcs11-module', hsm.module, ...token]
    assert.equal(await containsCaKey(t, flags, hsm.environment), false)
    // As a control, the search finds a key that is in memory.
    assert.equal(await containsCaKey(t, ['--ca-keys', 'local']), true)
  },
)
