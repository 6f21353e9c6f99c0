/**
 * Tests of CAs whose keys are in KMS: hierarchy, revocation, outages and erasure. OpenSSL verifies the signatures made
 * with the keys in KMS.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import {
  authorityInput,
  createRoot,
  createSubordinate,
  defaultSigningAlgorithm,
  issue,
} from '../support/hierarchy.ts'
import { KmsServer, useKmsCredentials } from '../support/kms-server.ts'
import {
  crlBucket,
  crlConfiguration,
  crlWith,
  eventually,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { TestService } from '../support/service.ts'
import { request, retry } from '../support/waiting.ts'

useKmsCredentials()
let kms: KmsServer
let service: TestService
let folder: string
const lines: string[] = []
const file = (name: string): string => join(folder, name)
const kmsFlags = (): { caKeys: string; kmsEndpoint: string; kmsRegion: string } => ({
  caKeys: 'kms',
  kmsEndpoint: kms.endpoint,
  kmsRegion: kms.region,
})

before(async () => {
  kms = await KmsServer.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-kms-'))
  const logTo = { write: (line: string) => void lines.push(line) }
  service = await TestService.start({ ...kmsFlags(), logLevel: 'error' }, { logTo })
  await service.createBucket(crlBucket)
})
beforeEach(() => {
  kms.fault = () => undefined
  lines.length = 0
})
after(async () => {
  await service.close()
  await kms[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** A CA's key in the KMS stand-in. */
function keyOf(authorityArn: string): ReturnType<KmsServer['operations']['find']> {
  return kms.operations.find({ KeyId: `alias/signet/${lastOf(authorityArn)}` })
}

test('OpenSSL accepts a hierarchy, the CRL and the OCSP responses of keys in KMS', async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const more = revocationOptions(crlConfiguration(), { Enabled: true })
  const root = await createRoot(service, { keyAlgorithm: 'EC_secp384r1', more })
  const subordinate = await createSubordinate(service, root, {
    keyAlgorithm: 'RSA_2048',
    parentSigningAlgorithm: 'SHA384WITHECDSA',
    more,
  })
  const requested = { arn: subordinate.arn, csr: csr('ec-server') }
  const options = { signingAlgorithm: 'SHA256WITHRSA' }
  const [good, revoked] = [
    await issue(service, requested, options),
    await issue(service, requested, options),
  ]
  await revoke(service, revoked.arn)
  const { der } = await crlWith(service, revoked.arn)
  await writeFile(file('root.pem'), root.certificate)
  await writeFile(file('ca.pem'), subordinate.certificate)
  await writeFile(file('crl.der'), der)
  const names = ['good.pem', 'revoked.pem'] as const
  await writeFile(file('good.pem'), good.certificate)
  await writeFile(file('revoked.pem'), revoked.certificate)
  const trust = ['-CAfile', file('root.pem'), '-untrusted', file('ca.pem')]
  for (const name of names)
    assert.match((await outcome('openssl', ['verify', ...trust, file(name)])).text, /: OK/)
  const crl = ['crl', '-inform', 'DER', '-in', file('crl.der'), '-CAfile', file('ca.pem'), '-noout']
  assert.match((await outcome('openssl', crl)).text, /verify OK/)
  const issuer = ['-issuer', file('ca.pem'), '-url', `${service.publicUrl}/ocsp`]
  for (const [index, name] of names.entries()) {
    const ask = ['ocsp', ...issuer, '-cert', file(name), '-CAfile', file('root.pem'), '-no_nonce']
    const { text } = await outcome('openssl', [...ask, '-verify_other', file('ca.pem')])
    assert.match(text, /Response verify OK/)
    assert.match(text, index === 0 ? /: good/ : /: revoked/)
  }
  assert.equal(keyOf(root.arn).options.spec, 'ECC_NIST_P384')
  assert.equal(keyOf(subordinate.arn).options.spec, 'RSA_2048')
  assert.deepEqual(await service.inDatabase("select name from keys where name <> 'record'"), [])
})

for (const keyAlgorithm of ['EC_secp521r1', 'RSA_4096', 'ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'])
  test(`a CA with a key ${keyAlgorithm} in KMS issues certificates that OpenSSL accepts`, async (t) => {
    const openssl = await tool(t, 'openssl', { probe: ['version'] })
    if (openssl === undefined) return
    const root = await createRoot(service, { keyAlgorithm })
    const signingAlgorithm = defaultSigningAlgorithm(keyAlgorithm)
    const requested = { arn: root.arn, csr: csr('ec-server') }
    const leaf = await issue(service, requested, { signingAlgorithm })
    await writeFile(file('root.pem'), root.certificate)
    await writeFile(file('leaf.pem'), leaf.certificate)
    const { text } = await outcome('openssl', [
      'verify',
      '-CAfile',
      file('root.pem'),
      file('leaf.pem'),
    ])
    // OpenSSL before 3.5 does not support ML-DSA. The key store has already verified the signature.
    if (/^OpenSSL 3\.[0-4]\./.test((await outcome('openssl', ['version'])).text))
      if (keyAlgorithm.startsWith('ML_DSA')) return
    assert.match(text, /: OK/)
  })

test('after a restart with local keys, CAs in KMS and new local CAs issue', async () => {
  const root = await createRoot(service)
  await service.restartWith({ caKeys: 'local' })
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const { arn } = await createRoot(service)
  await issue(service, { arn, csr: csr('ec-server') })
  assert.throws(() => keyOf(arn), /NotFound|does not exist/)
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  assert.match(metrics, /^signet_ca_keys\{store="kms"\} [1-9]\d*$/m)
  assert.match(metrics, /^signet_ca_keys\{store="local"\} 1$/m)
  await service.restartWith({})
  await issue(service, { arn, csr: csr('ec-server') })
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
})

test('every request during an outage under load is acknowledged, and its certificate is issued afterwards', async () => {
  const root = await createRoot(service)
  const acknowledged: Awaited<ReturnType<typeof request>>[] = []
  const ending = new AbortController()
  const client = async (): Promise<void> => {
    while (!ending.signal.aborted) acknowledged.push(await request(service, root.arn))
  }
  const clients = Array.from({ length: 8 }, client)
  const more = async (count: number): Promise<void> => {
    const wanted = acknowledged.length + count
    await eventually(
      async () => (acknowledged.length >= wanted ? true : undefined),
      `${count} responses`,
    )
  }
  await more(20)
  await kms.stop()
  await more(16)
  await kms.resume()
  await more(20)
  ending.abort()
  await Promise.all(clients)
  await retry(service)
  for (const arns of acknowledged) await service.must('GetCertificate', arns)
  assert.equal(
    new Set(acknowledged.map(({ CertificateArn }) => CertificateArn)).size,
    acknowledged.length,
  )
  assert.match(lines.join(''), /cannot be used: .*ECONNREFUSED/)
  assert.doesNotMatch(lines.join(''), /stand-in-secret/)
})

test('a signature of another key is not returned and not stored', async () => {
  const root = await createRoot(service)
  const count = (): Promise<unknown> =>
    service.inDatabase('select count(*) as stored from certificates')
  const stored = await count()
  kms.fault = (operation) => (operation === 'Sign' ? 'wrong-signature' : undefined)
  const arns = await request(service, root.arn)
  await service.runJob('finish-issuance')
  assert.deepEqual(await count(), stored)
  assert.match(await service.refusal('GetCertificate', arns), /^RequestInProgressException/)
  assert.match(lines.join(''), /signature that does not verify/)
})

test('denied access is logged with what to check', async () => {
  const root = await createRoot(service)
  // The reason for an outage is logged every ten seconds.
  service.clock.advance({ seconds: 10 })
  kms.fault = () => 'deny'
  await request(service, root.arn)
  assert.match(lines.join(''), /AccessDeniedException.* check the credentials .* IAM policy/)
})

test('a CA that is created during an outage gets its key afterwards', async () => {
  kms.fault = () => 'deny'
  const { CertificateAuthorityArn } = await service.must(
    'CreateCertificateAuthority',
    authorityInput(),
  )
  const where = { CertificateAuthorityArn }
  await service.runJob('finish-creation')
  const csrOf = (): Promise<string> => service.refusal('GetCertificateAuthorityCsr', where)
  assert.match(await csrOf(), /^RequestInProgressException/)
  kms.fault = () => undefined
  await service.runJob('finish-creation')
  await service.must('GetCertificateAuthorityCsr', where)
})

test('during an outage OCSP answers tryLater, and the CRL is published afterwards', async () => {
  const more = revocationOptions(crlConfiguration(), { Enabled: true })
  const root = await createRoot(service, { more })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  kms.fault = () => 'deny'
  await revoke(service, leaf.arn)
  await service.runJob('publish-crls')
  const body = ocspRequest([{ issuer: root.certificate, serial: lastOf(leaf.arn) }])
  const ask = async (): Promise<Uint8Array> => {
    const headers = { 'content-type': 'application/ocsp-request' }
    const answer = await fetch(`${service.publicUrl}/ocsp`, { method: 'POST', headers, body })
    return new Uint8Array(await answer.arrayBuffer())
  }
  // OCSPResponseStatus tryLater (RFC 6960 §4.2.1).
  assert.deepEqual(await ask(), Uint8Array.of(0x30, 3, 0x0a, 1, 3))
  kms.fault = () => undefined
  assert.equal(readOcspAnswer(await ask()).singles[0]?.status, 'revoked')
  await crlWith(service, leaf.arn)
})

test('the key of a CA is scheduled for deletion after its restoration period', async () => {
  const { arn } = await createRoot(service)
  const key = keyOf(arn)
  const where = { CertificateAuthorityArn: arn }
  await service.must('UpdateCertificateAuthority', { ...where, Status: 'DISABLED' })
  await service.must('DeleteCertificateAuthority', { ...where, PermanentDeletionTimeInDays: 7 })
  await service.runJob('erase-authorities')
  assert.equal(key.state, 'Enabled')
  service.clock.advance({ days: 8 })
  kms.fault = () => 'deny'
  await service.runJob('erase-authorities')
  assert.equal(key.state, 'Enabled')
  assert.match(lines.join(''), /the key of a deleted CA cannot be erased now; the server retries/)
  kms.fault = () => undefined
  await service.runJob('erase-authorities')
  assert.equal(key.state, 'PendingDeletion')
  assert.throws(() => keyOf(arn), /does not exist/)
})
