/** Tests of CAs whose keys are in a PKCS #11 token: issued certificates, and behavior while the token is removed. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import { createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import {
  allPublished,
  crlBucket,
  crlWith,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { command } from '../support/process.ts'
import { TestService } from '../support/service.ts'
import { SoftHsm } from '../support/softhsm.ts'
import { assertAllIssued, request, retry } from '../support/waiting.ts'

/** Starts a service with a token. Without SoftHSM, skips the test and returns undefined. */
async function start(
  t: TestContext,
  flags: Record<string, string> = {},
): Promise<{ readonly hsm: SoftHsm; readonly service: TestService } | undefined> {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return undefined
  const service = await TestService.start({ ...hsm.flags, ...flags })
  t.after(() => service.close())
  return { hsm, service }
}

/** Writes certificates to files, and returns the paths of the files. */
async function files<Name extends string>(
  hsm: SoftHsm,
  texts: Readonly<Record<Name, string | Buffer>>,
): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {}
  for (const [name, text] of Object.entries(texts) as [Name, string | Buffer][]) {
    paths[name] = join(hsm.folder, name)
    await writeFile(join(hsm.folder, name), text)
  }
  return paths as Record<Name, string>
}

for (const keyAlgorithm of ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'])
  test(`OpenSSL accepts certificates, CRLs and OCSP responses of ${keyAlgorithm} CAs in a token`, async (t) => {
    const started = await start(t)
    const openssl = await tool(t, 'openssl', { probe: ['version'] })
    if (started === undefined || openssl === undefined) return
    const { hsm, service } = started
    await service.createBucket(crlBucket)
    const root = await createRoot(service, { keyAlgorithm, more: revocationOptions() })
    const signing = keyAlgorithm.startsWith('RSA')
      ? 'SHA256WITHRSA'
      : keyAlgorithm === 'EC_secp384r1'
        ? 'SHA384WITHECDSA'
        : 'SHA256WITHECDSA'
    const sub = await createSubordinate(service, root, {
      keyAlgorithm,
      parentSigningAlgorithm: signing,
      more: revocationOptions(undefined, { Enabled: true }),
    })
    const requested = { arn: sub.arn, csr: csr('ec-server') }
    const good = await issue(service, requested, { signingAlgorithm: signing })
    const revoked = await issue(service, requested, { signingAlgorithm: signing })
    await revoke(service, revoked.arn)
    const crl = await crlWith(service, revoked.arn)
    await allPublished(service)
    const at = await files(hsm, {
      'root.pem': root.certificate,
      'sub.pem': sub.certificate,
      'good.pem': good.certificate,
      'revoked.pem': revoked.certificate,
      'crl.der': crl.der,
    })
    const chain = ['-CAfile', at['root.pem'], '-untrusted', at['sub.pem']]
    const valid = await outcome(openssl, ['verify', ...chain, at['good.pem']])
    assert.ok(valid.ok, valid.text)
    const check = ['-crl_check', '-CRLfile', at['crl.der']]
    const accepted = await outcome(openssl, ['verify', ...chain, ...check, at['good.pem']])
    assert.ok(accepted.ok, accepted.text)
    const refused = await outcome(openssl, ['verify', ...chain, ...check, at['revoked.pem']])
    assert.match(refused.text, /certificate revoked/)
    const url = `${service.publicUrl}/ocsp`
    const question = ['-cert', at['good.pem'], '-cert', at['revoked.pem']]
    const status = await outcome(openssl, [
      'ocsp',
      '-url',
      url,
      '-issuer',
      at['sub.pem'],
      ...question,
      '-CAfile',
      at['root.pem'],
      '-verify_other',
      at['sub.pem'],
    ])
    assert.match(status.text, /^Response verify OK$/m)
    assert.match(status.text, /good\.pem: good\n/)
    assert.match(status.text, /revoked\.pem: revoked\n/)
    const keys = await hsm.tool('--list-objects', '--type', 'privkey')
    const access = keys.match(/Access: .*/g) ?? []
    assert.deepEqual(
      [...new Set(access)],
      ['Access:     sensitive, always sensitive, never extractable, local'],
    )
    assert.equal(access.length, 2)
  })

test('while a token is removed under load, requests are acknowledged, and their certificates are issued once it is back', async (t) => {
  const started = await start(t)
  if (started === undefined) return
  const { hsm, service } = started
  const root = await createRoot(service)
  const acknowledged: Awaited<ReturnType<typeof request>>[] = []
  const stop = new AbortController()
  const client = async (): Promise<void> => {
    while (!stop.signal.aborted) acknowledged.push(await request(service, root.arn))
  }
  const waiting = async (): Promise<number> =>
    (await service.inDatabase('select 1 as one from certificate_intents')).length
  const clients = Promise.all(Array.from({ length: 8 }, client))
  const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isDone())) await setTimeout(20)
  }
  await until(() => acknowledged.length >= 50)
  await hsm.remove()
  await until(async () => (await waiting()) >= 8)
  // The responses to the waiting requests may arrive later than their database rows.
  await until(async () => {
    const { json } = await service.call('GetCertificate', acknowledged.at(-1))
    return json['__type'] === 'RequestInProgressException'
  })
  await hsm.restore()
  const before = acknowledged.length
  await until(() => acknowledged.length >= before + 50)
  // Clients do not notice a removal that is shorter than the time that a call waits.
  const noticed = await waiting()
  await hsm.remove()
  await setTimeout(500)
  await hsm.restore()
  const again = acknowledged.length
  await until(() => acknowledged.length >= again + 50)
  stop.abort()
  await clients
  assert.equal(await waiting(), noticed)
  await retry(service)
  await assertAllIssued(service, acknowledged, root.certificate)
})

test('a CA that is created while the token is removed gets its key once the token is back', async (t) => {
  const started = await start(t)
  if (started === undefined) return
  const { hsm, service } = started
  await hsm.remove()
  const { CertificateAuthorityArn } = await service.must('CreateCertificateAuthority', {
    CertificateAuthorityType: 'ROOT',
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { CommonName: 'Waits' },
    },
  })
  await service.runJob('finish-creation')
  const where = { CertificateAuthorityArn }
  const early = await service.call('GetCertificateAuthorityCsr', where)
  assert.equal(early.json['__type'], 'RequestInProgressException')
  await hsm.restore()
  await service.runJob('finish-creation')
  assert.equal((await service.call('GetCertificateAuthorityCsr', where)).status, 200)
})

test('a server starts without its token, and refuses to start with a wrong PIN', async (t) => {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return
  await hsm.remove()
  const service = await TestService.start(hsm.flags)
  await hsm.restore()
  await createRoot(service)
  // A token checks the PIN only for a process's first session.
  await service.close()
  await writeFile(hsm.pinFile, '000000')
  await assert.rejects(
    TestService.start(hsm.flags),
    /--pkcs11-pin-file: the token .* refuses the PIN/,
  )
})

test('CAs with local keys and CAs with keys in a token work side by side', async (t) => {
  const started = await start(t)
  if (started === undefined) return
  const { hsm, service } = started
  const inToken = await createRoot(service)
  await service.restartWith({ caKeys: 'local' })
  const local = await createRoot(service)
  await hsm.remove()
  await issue(service, { arn: local.arn, csr: csr('ec-server') })
  await hsm.restore()
  await issue(service, { arn: inToken.arn, csr: csr('ec-server') })
})

test('signet verify signs with the keys in the token, and finds a key that is missing', async (t) => {
  const started = await start(t)
  if (started === undefined) return
  const { hsm, service } = started
  const root = await createRoot(service)
  const { module, label, pinFile } = hsm
  const token = ['--pkcs11-module', module, '--pkcs11-token', label, '--pkcs11-pin-file', pinFile]
  const verify = async (...flags: readonly string[]) =>
    command(['verify', '--data', service.config.dataDirectory, ...flags], hsm.environment)
  const unused = await verify()
  assert.equal(unused.code, 0, unused.stderr)
  assert.match(unused.stdout, /"TokenKeys": 1,\n +"TokenKeysUsed": 0/)
  const used = await verify(...token)
  assert.equal(used.code, 0, used.stderr)
  assert.match(used.stdout, /"TokenKeysUsed": 1/)
  const id = root.arn.split('/').at(-1) ?? ''
  await hsm.tool('--delete-object', '--type', 'privkey', '--label', id)
  const missing = await verify(...token)
  assert.equal(missing.code, 1)
  assert.ok(missing.stdout.includes(`the key ${id} is not in the token`), missing.stdout)
})

test('signet status states where the keys are', async (t) => {
  const started = await start(t)
  if (started === undefined) return
  const { service } = started
  await createRoot(service)
  const data = service.config.dataDirectory
  const status = async () => command(['status', '--endpoint', service.url, '--data', data])
  assert.match((await status()).stdout, /keys +1 in a PKCS #11 token\n/)
  await service.restartWith({ caKeys: 'local' })
  await createRoot(service)
  assert.match(
    (await status()).stdout,
    /keys +1 in software, encrypted at rest, not FIPS 140 validated; 1 in a PKCS #11 token\n|keys +1 in a PKCS #11 token; 1 in software, encrypted at rest, not FIPS 140 validated\n/,
  )
})
