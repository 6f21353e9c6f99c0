/** Tests of a server whose master key is encrypted with a key in a PKCS #11 token (--master-key-pkcs11). */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService } from '../support/service.ts'
import { SoftHsm } from '../support/softhsm.ts'

test('a master key in a token is used at each start, is rotated, backed up and restored', async (t) => {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return
  await hsm.tool('--keygen', '--key-type', 'AES:32', '--sensitive', '--label', 'master')
  const flags = { ...hsm.flags, caKeys: 'local', masterKeyPkcs11: 'master' }
  const service = await TestService.start(flags)
  t.after(() => service.close())
  const { dataDirectory } = service.config
  const keyFile = join(dataDirectory, 'master.key')
  const root = await createRoot(service)
  const first = readFileSync(keyFile, 'utf8')
  assert.match(first, /^signet-master-key-pkcs11-1:aes-gcm:/)
  const token = ['--pkcs11-module', hsm.module, '--pkcs11-token', hsm.label]
  const settings = [...token, '--pkcs11-pin-file', hsm.pinFile]
  const run = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await command(args, hsm.environment)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const data = ['--data', dataDirectory, ...settings]
  assert.equal((await run('master-key', 'rotate', ...data))['Finished'], true)
  assert.notEqual(readFileSync(keyFile, 'utf8'), first)
  await service.restart()
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const withoutToken = await command(['master-key', 'show', '--data', dataDirectory])
  assert.equal(withoutToken.code, 2)
  assert.match(withoutToken.stderr, /is encrypted with the key 'master' of the PKCS #11 token/)
  const passphrase = join(hsm.folder, 'passphrase')
  writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 })
  const backup = join(hsm.folder, 'backup.age')
  await run('backup', backup, ...data, '--passphrase-file', passphrase)
  const restored = join(hsm.folder, 'restored')
  const into = ['--data', restored, ...settings, '--master-key-pkcs11', 'master']
  await run('restore', backup, ...into, '--passphrase-file', passphrase)
  assert.match(readFileSync(join(restored, 'master.key'), 'utf8'), /^signet-master-key-pkcs11-1:/)
  assert.equal(
    (await run('master-key', 'show', '--data', restored, ...settings))['OpensDatabase'],
    true,
  )
})
