/** Tests of stored OCSP responses, which servers send while keys are unavailable. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test, type TestContext } from 'node:test'
import { createLockedOcspRoute } from '../../src/ocsp/locked-route.ts'
import { loadEngine, locateDatabase } from '../../src/store/engines/index.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput, templateArn } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { lastOf, revoke } from '../support/revocation.ts'
import { entryOf } from '../support/routes.ts'
import { TestService } from '../support/service.ts'

const more = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }
const [malformed, tryLater, unauthorized] = [1, 3, 6].map((code) => `30030a010${code}`)

let service: TestService
before(async () => (service = await TestService.start()))
after(() => service.close())

async function ask(url: string, request: Buffer): Promise<Buffer> {
  const headers = { 'content-type': 'application/ocsp-request' }
  const answer = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(request) })
  return Buffer.from(await answer.arrayBuffer())
}

/** Creates a CA, a certificate, and an OCSP request for that certificate. */
async function prepare() {
  const root = await createRoot(service, { more })
  const certificate = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const serial = lastOf(certificate.arn)
  const one = { issuer: root.certificate, serial }
  return { root, certificate, one, request: ocspRequest([one]) }
}

/** Serves OCSP as a locked server does, from the database of the running service. */
async function startLocked(t: TestContext) {
  const engine = await loadEngine(locateDatabase(service.config))
  const db = await engine.openReadOnly()
  t.after(() => db.close())
  const { revocationPolicy } = service.config
  const route = createLockedOcspRoute(db, { clock: service.clock, revocationPolicy })
  const server = createServer(entryOf([route]))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return async (request: Buffer): Promise<string> => (await ask(url, request)).toString('hex')
}

const statusOf = (response: string): string | undefined =>
  readOcspAnswer(Buffer.from(response, 'hex')).singles[0]?.status

test('a locked server sends stored responses until their nextUpdate, and then tryLater', async (t) => {
  const { root, certificate, request, one } = await prepare()
  const second = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const other = { issuer: root.certificate, serial: lastOf(second.arn) }
  await revoke(service, certificate.arn)
  const [revoked, good] = [
    await ask(service.publicUrl, request),
    await ask(service.publicUrl, ocspRequest([other])),
  ]
  await service.restart()
  const locked = await startLocked(t)
  assert.equal(await locked(request), revoked.toString('hex'))
  assert.equal(await locked(ocspRequest([other])), good.toString('hex'))
  assert.deepEqual(
    [revoked, good].map((der) => statusOf(der.toString('hex'))),
    ['revoked', 'good'],
  )
  const nonce = ocspRequest([other], { nonce: Buffer.alloc(16, 1) })
  assert.equal(await locked(nonce), good.toString('hex'), 'the response has no nonce')
  const unknown = ocspRequest([{ issuer: root.certificate, serial: '01'.repeat(16) }])
  assert.equal(await locked(unknown), unauthorized)
  assert.equal(await locked(ocspRequest([one, other])), tryLater)
  assert.equal(await locked(Buffer.from('request')), malformed)
  service.clock.advance({ seconds: 3599 })
  assert.equal(await locked(request), revoked.toString('hex'))
  service.clock.advance({ seconds: 2 })
  assert.equal(await locked(request), tryLater)
  await service.runJob('forget-tokens')
  const rows = await service.inDatabase('select count(*) as n from ocsp_responses')
  assert.equal(Number(rows[0]?.['n']), 0)
})

test('a stored response is not sent after its certificate was revoked', async (t) => {
  const { certificate, request } = await prepare()
  await ask(service.publicUrl, request)
  await service.restart()
  const locked = await startLocked(t)
  assert.equal(statusOf(await locked(request)), 'good')
  await revoke(service, certificate.arn)
  assert.equal(await locked(request), tryLater)
  assert.equal(statusOf((await ask(service.publicUrl, request)).toString('hex')), 'revoked')
})

test('a stored response is not sent for a deleted CA, or after the CA has another certificate', async (t) => {
  const { root, request } = await prepare()
  await ask(service.publicUrl, request)
  await service.restart()
  const locked = await startLocked(t)
  const CertificateAuthorityArn = root.arn
  await service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'DISABLED' })
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  assert.equal(await locked(request), unauthorized)
  await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn })
  assert.equal(statusOf(await locked(request)), 'good')
  await service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'ACTIVE' })
  const input = issueInput(root.arn, root.csr, { validity: { Value: 9, Type: 'YEARS' } })
  const TemplateArn = templateArn('RootCACertificate')
  const { CertificateArn } = await service.must('IssueCertificate', { ...input, TemplateArn })
  const { Certificate } = await service.must('GetCertificate', {
    CertificateAuthorityArn,
    CertificateArn,
  })
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn,
    Certificate: Buffer.from(Certificate as string).toString('base64'),
  })
  assert.equal(await locked(request), tryLater)
})

test('a server whose key is unavailable sends stored responses until their nextUpdate', async () => {
  const { request } = await prepare()
  const first = await ask(service.publicUrl, request)
  await service.inDatabase(
    `update keys set data_key_sealed = private_key_sealed where name not like 'record%'`,
  )
  await service.restart()
  assert.deepEqual(await ask(service.publicUrl, request), first, 'a restart needs no signature')
  for (const seconds of [1801, 5, 1000, 780]) {
    service.clock.advance({ seconds })
    assert.deepEqual(await ask(service.publicUrl, request), first)
  }
  service.clock.advance({ seconds: 20 })
  assert.equal((await ask(service.publicUrl, request)).toString('hex'), tryLater)
})
