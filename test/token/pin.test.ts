/** Tests of a wrong token PIN. All processes of a server together try a wrong PIN only once, until the PIN file changes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command, startServer } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { SoftHsm } from '../support/softhsm.ts'

test('the processes of a server try a wrong PIN once, also after a restart, and a correct PIN without a restart', async (t) => {
  const hsm = await SoftHsm.create(t)
  const faulty = await hsm?.faultyModule(t)
  if (hsm === undefined || faulty === undefined) return
  const data = await mkdtemp(join(tmpdir(), 'signet-token-pin-'))
  t.after(() => rm(data, { recursive: true, force: true }))
  const token = ['--pkcs11-token', hsm.label, '--pkcs11-pin-file', hsm.pinFile]
  const flags = ['--ca-keys', 'pkcs11', '--pkcs11-module', faulty.module, ...token]
  const environment = { ...hsm.environment, ...faulty.environment }
  const start = () => startServer(data, ['--workers', '2', ...flags], environment)

  const first = await start()
  const root = await createRoot(clientOf(first, data))
  await first.stop('SIGTERM')

  // The server cannot check the PIN at startup, so every process of the server encounters the wrong PIN.
  await hsm.remove()
  await writeFile(hsm.pinFile, '000000\n')
  const before = await faulty.logins()
  const second = await start()
  t.after(() => second.stop('SIGKILL'))
  await hsm.restore()
  const client = clientOf(second, data)
  const input = issueInput(root.arn, csr('ec-server'))
  const answers = await Promise.all(
    Array.from({ length: 24 }, () => client.call('IssueCertificate', input)),
  )
  // The requested certificates wait for the key.
  for (const { status, text } of answers) assert.equal(status, 200, text)
  assert.match(second.stderr(), /refuses the PIN in \S+ \(CKR_PIN_INCORRECT\)/)
  assert.equal((await faulty.logins()) - before, 1)

  const checked = await command(['check-config', '--data', data, ...flags], environment)
  assert.equal(checked.code, 2)
  assert.match(
    checked.stderr,
    /refuses the PIN in \S+ \(refused earlier\); correct the file, or remove \S+pkcs11-refused-pin\.sqlite if/,
  )
  assert.equal((await faulty.logins()) - before, 1)

  await writeFile(hsm.pinFile, `${hsm.pin}\n`)
  await issue(client, { arn: root.arn, csr: csr('ec-server') })
  await second.stop('SIGTERM')

  await writeFile(hsm.pinFile, '111111\n')
  const beforeRestarts = await faulty.logins()
  await assert.rejects(start(), /refuses the PIN in \S+ \(CKR_PIN_INCORRECT\)/)
  await assert.rejects(start(), /refuses the PIN in \S+ \(refused earlier\)/)
  assert.equal((await faulty.logins()) - beforeRestarts, 1)
})
