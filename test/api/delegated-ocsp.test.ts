/** Tests of OCSP responses signed by a local key with a certificate from the CA (--ocsp-signer delegated). */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { revoke } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'
import { SoftHsm } from '../support/softhsm.ts'

const more = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }

interface Files {
  readonly service: TestService
  readonly rootArn: string
  /** Sends an OCSP request with OpenSSL, and returns OpenSSL's output. */
  readonly ask: (...further: readonly string[]) => Promise<string>
  /** The signer's certificate in the response; undefined if the CA signed it. */
  readonly signer: () => Promise<X509Certificate | undefined>
}

/** Starts a service with a CA, a good certificate and a revoked certificate. Returns undefined if OpenSSL is not installed. */
async function prepare(
  t: TestContext,
  { flags = {}, ca = {} }: { readonly flags?: Record<string, string>; readonly ca?: object } = {},
): Promise<Files | undefined> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'signet-delegated-'))
  t.after(() => rm(folder, { recursive: true }))
  const service = await TestService.start({ ocspSigner: 'delegated', ...flags })
  t.after(() => service.close())
  const root = await createRoot(service, { ...ca, more: { ...more, ...ca } })
  const request = { arn: root.arn, csr: csr('ec-server') }
  const validity = { Value: 5, Type: 'DAYS' }
  const good = await issue(service, request, { validity })
  const revoked = await issue(service, request, { validity })
  await revoke(service, revoked.arn)
  const at = (name: string): string => join(folder, name)
  await writeFile(at('root.pem'), root.certificate)
  await writeFile(at('good.pem'), good.certificate)
  await writeFile(at('revoked.pem'), revoked.certificate)
  const url = ['-url', `${service.publicUrl}/ocsp`]
  const question = ['-cert', at('good.pem'), '-cert', at('revoked.pem')]
  const issuer = ['-issuer', at('root.pem'), '-CAfile', at('root.pem')]
  const ask = async (...further: readonly string[]): Promise<string> => {
    const time = ['-attime', String(Math.floor(service.clock.now().getTime() / 1000))]
    const all = ['ocsp', ...url, ...issuer, ...question, ...time, ...further]
    return (await outcome(openssl, all)).text
  }
  return {
    service,
    rootArn: root.arn,
    ask,
    async signer() {
      const text = await ask('-resp_text')
      const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text)?.[0]
      return pem === undefined ? undefined : new X509Certificate(pem)
    },
  }
}

test('OpenSSL accepts responses of a delegate, whose certificate has ocspSigning and ocsp-nocheck', async (t) => {
  const files = await prepare(t)
  if (files === undefined) return
  for (const further of [[], ['-no_nonce']]) {
    const text = await files.ask(...further)
    assert.match(text, /^Response verify OK$/m)
    assert.match(text, /good\.pem: good\n/)
    assert.match(text, /revoked\.pem: revoked\n/)
  }
  const text = await files.ask('-resp_text')
  assert.match(text, /Extended Key Usage: critical\n +OCSP Signing\n/)
  assert.match(text, /OCSP No Check: ?\n/)
  assert.match(text, /Subject: CN ?= ?OCSP responder\n/)
})

test('a delegate is renewed before its responses would outlive it', async (t) => {
  const files = await prepare(t)
  if (files === undefined) return
  const first = (await files.signer()) ?? assert.fail('the CA signed')
  files.service.clock.advance({ seconds: 60 })
  const same = (await files.signer()) ?? assert.fail('the CA signed')
  assert.equal(same.serialNumber, first.serialNumber)
  files.service.clock.advance({ days: 3 })
  const next = (await files.signer()) ?? assert.fail('the CA signed')
  assert.notEqual(next.serialNumber, first.serialNumber)
  assert.match(await files.ask(), /^Response verify OK$/m)
})

test('the certificate of a delegate is recorded like every other certificate', async (t) => {
  const files = await prepare(t)
  if (files === undefined) return
  const signer = (await files.signer()) ?? assert.fail('the CA signed')
  const serial = signer.serialNumber.toLowerCase().replace(/^0+/, '')
  const found = await files.service.must('GetCertificate', {
    CertificateAuthorityArn: files.rootArn,
    CertificateArn: `${files.rootArn}/certificate/${serial.padStart(32, '0')}`,
  })
  assert.equal(
    new X509Certificate(found.Certificate as string).fingerprint256,
    signer.fingerprint256,
  )
})

test('a CA that cannot issue, or issues short-lived certificates, signs its responses itself', async (t) => {
  const shortLived = await prepare(t, { ca: { UsageMode: 'SHORT_LIVED_CERTIFICATE' } })
  if (shortLived === undefined) return
  assert.equal(await shortLived.signer(), undefined)
  assert.match(await shortLived.ask(), /^Response verify OK$/m)
  const disabled = (await prepare(t)) ?? assert.fail('OpenSSL is missing')
  await disabled.service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: disabled.rootArn,
    Status: 'DISABLED',
  })
  assert.equal(await disabled.signer(), undefined)
  assert.match(await disabled.ask(), /^Response verify OK$/m)
})

test('a delegate answers while the token with the key of its CA is removed', async (t) => {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return
  const files = await prepare(t, { flags: hsm.flags })
  if (files === undefined) return
  assert.match(await files.ask(), /^Response verify OK$/m)
  await hsm.remove()
  files.service.clock.advance({ days: 1, seconds: 3600 })
  assert.match(await files.ask(), /^Response verify OK$/m)
  await hsm.restore()
})
