/** Tests of EST while the CA's key is unavailable. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import {
  certificateOf,
  clientKey,
  enrolled,
  estCall,
  createEndpoint,
  createPassword,
} from '../../support/est.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { KmsServer, useKmsCredentials } from '../../support/kms-server.ts'
import { TestService } from '../../support/service.ts'
import { retry } from '../../support/waiting.ts'

useKmsCredentials()
let kms: KmsServer
let service: TestService
before(async () => {
  kms = await KmsServer.start()
  const keys = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }
  service = await TestService.start({ ...keys, enrollListen: '127.0.0.1:0' })
  const { arn } = await createRoot(service)
  await createEndpoint(service, 'devices', { ca: arn, serverKeyGeneration: true })
})
beforeEach(() => setOutage(false))
after(async () => {
  await service.close()
  await kms[Symbol.asyncDispose]()
})

function setOutage(isOut: boolean): void {
  kms.fault = (operation) => (isOut && operation === 'Sign' ? 'deny' : undefined)
}

const passwordFor = (): Promise<string> => createPassword(service, 'devices')

async function certificates(): Promise<number> {
  const [row] = await service.inDatabase('select count(*) as total from certificates')
  return Number(row?.['total'])
}

test('a request with a password is accepted in an outage, and gets its certificate when it is repeated', async () => {
  const credentials = await createPassword(service, 'devices', { expiresSeconds: 86_400 })
  const { csr } = await clientKey()
  const enroll = (request: string) =>
    estCall(service, 'devices/simpleenroll', { csr: request, credentials })
  const total = await certificates()
  setOutage(true)
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { status, headers, text } = await enroll(csr)
    assert.deepEqual([status, headers['retry-after']], [202, '60'])
    assert.match(text, /Send the same request again later/)
  }
  const other = await clientKey()
  assert.equal((await enroll(other.csr)).status, 401)
  setOutage(false)
  await retry(service)
  // The password has expired in the meantime.
  service.clock.advance({ days: 2 })
  certificateOf(await enroll(csr))
  assert.equal(await certificates(), total + 1)
})

test('a renewal fails in an outage, and succeeds when it is repeated', async () => {
  const client = await enrolled(service, 'devices')
  const total = await certificates()
  const renew = () => estCall(service, 'devices/simplereenroll', { csr: client.csr, client })
  setOutage(true)
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { status, headers } = await renew()
    assert.deepEqual([status, headers['retry-after']], [503, '60'])
  }
  setOutage(false)
  const certificate = certificateOf(await renew())
  assert.equal(certificateOf(await renew()), certificate)
  assert.equal(await certificates(), total + 1)
})

test('no key is generated for a certificate that cannot be signed now, and the password stays usable', async () => {
  const credentials = await passwordFor()
  const { csr } = await clientKey()
  const generate = () => estCall(service, 'devices/serverkeygen', { csr, credentials })
  setOutage(true)
  const { status, headers } = await generate()
  assert.deepEqual([status, headers['retry-after']], [503, '60'])
  setOutage(false)
  assert.equal((await generate()).status, 200)
})

test('a password is usable again if its waiting certificate is not issued', async () => {
  const credentials = await passwordFor()
  const { csr } = await clientKey()
  const enroll = (request: string) =>
    estCall(service, 'devices/simpleenroll', { csr: request, credentials })
  setOutage(true)
  assert.equal((await enroll(csr)).status, 202)
  await service.inDatabase(
    `update certificate_intents set failure_reason = 'The CA was deleted.' where failure_reason is null`,
  )
  const { status, text } = await enroll(csr)
  assert.equal(status, 503)
  assert.match(text, /The CA was deleted/)
  setOutage(false)
  const other = await clientKey()
  assert.equal((await enroll(other.csr)).status, 200)
})
