/** Tests of EST endpoints whose clients need both a client certificate and a one-time password in the same request. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  certificateOf,
  clientKey,
  createEndpoint,
  createPassword,
  enrolled,
  estCall,
  type ClientCertificate,
  type ClientKey,
} from '../../support/est.ts'
import type { EnrollAnswer } from '../../support/enroll.ts'
import { createRoot, issue } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

const lines: string[] = []
let service: TestService
let devicesArn: string
let device: ClientCertificate & ClientKey
/** A client certificate from the trusted CA. */
let factoryClient: ClientCertificate
before(async () => {
  const logTo = { write: (line: string) => void lines.push(line) }
  service = await TestService.start({ enrollListen: '127.0.0.1:0', logLevel: 'info' }, { logTo })
  const devices = await createRoot(service, { subject: { CommonName: 'Devices' } })
  const factory = await createRoot(service, { subject: { CommonName: 'Factory' } })
  devicesArn = devices.arn
  await createEndpoint(service, 'either', { ca: devicesArn })
  await createEndpoint(service, 'both', {
    ca: devices.arn,
    names: '*.corp.example',
    authentication: 'both',
    clientAuthorityArn: factory.arn,
    serverKeyGeneration: true,
  })
  device = await enrolled(service, 'either')
  const { key, csr } = await clientKey({ names: ['serial-17.factory.example'] })
  const template = 'EndEntityClientAuthCertificate'
  factoryClient = {
    key,
    cert: (await issue(service, { arn: factory.arn, csr }, { template })).certificate,
  }
})
after(() => service.close())

const operations = ['simpleenroll', 'simplereenroll', 'serverkeygen'] as const
const passwordFor = (names = '*'): Promise<string> => createPassword(service, 'both', { names })

function call(
  operation: (typeof operations)[number],
  { client, credentials }: { client?: ClientCertificate; credentials?: string },
): Promise<EnrollAnswer> {
  return estCall(service, `both/${operation}`, { csr: device.csr, client, credentials })
}

test('a request with only one credential gets 401, which names the other', async () => {
  const credentials = await passwordFor()
  const both =
    'The endpoint requires a TLS client certificate and a one-time password (HTTP Basic).'
  for (const operation of operations)
    for (const [given, missing] of [
      [{ client: device }, 'one-time password (HTTP Basic)'],
      [{ credentials }, 'TLS client certificate'],
      [{}, 'TLS client certificate and no one-time password (HTTP Basic)'],
    ] as const) {
      const { status, text, headers } = await call(operation, given)
      assert.deepEqual([status, text.trim()], [401, `${both} The request has no ${missing}.`])
      assert.match(String(headers['www-authenticate']), /^Basic /)
    }
})

test('a wrong credential gets 401, whichever of the two it is', async () => {
  const credentials = await passwordFor()
  const other = await createPassword(service, 'either')
  const revoked = await enrolled(service, 'either')
  await service.must('RevokeCertificate', {
    CertificateAuthorityArn: devicesArn,
    CertificateSerial: new X509Certificate(revoked.cert).serialNumber.toLowerCase(),
    RevocationReason: 'KEY_COMPROMISE',
  })
  for (const operation of operations) {
    const wrongPassword = await call(operation, { client: device, credentials: other })
    assert.equal(wrongPassword.status, 401)
    assert.match(wrongPassword.text, /one-time password is not valid/)
    const wrongCertificate = await call(operation, { client: revoked, credentials })
    assert.equal(wrongCertificate.status, 401)
    assert.match(wrongCertificate.text, /certificate is revoked/)
  }
  // The rejected requests have not consumed the password.
  certificateOf(await call('simpleenroll', { client: device, credentials }))
})

test('each request needs its own password, also a renewal, and both credentials are logged', async () => {
  const credentials = await passwordFor()
  const first = certificateOf(await call('simplereenroll', { client: device, credentials }))
  assert.match(lines.at(-1) ?? '', /"client":"user [^",]+, certificate [0-9a-f]+"/)
  const again = certificateOf(await call('simplereenroll', { client: device, credentials }))
  assert.equal(again, first, 'a repetition returns the same certificate')
  const { csr } = await clientKey()
  const other = await estCall(service, 'both/simplereenroll', { csr, client: device, credentials })
  assert.deepEqual([other.status, other.text.trim()], [401, 'The one-time password has been used.'])
})

test('both credentials limit the names', async () => {
  const wrongName = await passwordFor('device-9.corp.example')
  assert.equal((await call('simpleenroll', { client: device, credentials: wrongName })).status, 403)
  const credentials = await passwordFor()
  const { csr } = await clientKey({ names: ['device-9.corp.example'] })
  const own = await estCall(service, 'both/simpleenroll', { csr, client: device, credentials })
  assert.equal(own.status, 403)
  const byFactory = { csr, client: factoryClient, credentials: wrongName }
  certificateOf(await estCall(service, 'both/simpleenroll', byFactory))
})

test('a certificate of the CA for clients is not renewed, and the server generates keys', async () => {
  const credentials = await passwordFor()
  const { status } = await call('simplereenroll', { client: factoryClient, credentials })
  assert.equal(status, 403)
  const generated = await call('serverkeygen', { client: factoryClient, credentials })
  assert.equal(generated.status, 200)
  assert.match(String(generated.headers['content-type']), /^multipart\/mixed/)
})
