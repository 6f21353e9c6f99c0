/** Tests of client certificates at EST endpoints: which certificates authenticate, and what they can request. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import { encodeExtendedKeyUsage } from '../../../src/x509/extensions/extended-key-usage.ts'
import { nonCritical } from '../../../src/x509/extensions/extensions.ts'
import {
  alternativeNames,
  craft,
  named,
  pemOf,
  text,
  type Crafted,
} from '../../support/crafted-certificates.ts'
import {
  certificateOf,
  clientKey,
  enrolled,
  estCall,
  createEndpoint,
  type ClientCertificate,
  type ClientKey,
} from '../../support/est.ts'
import { createRoot, issue } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

let service: TestService
let devices: { arn: string; csr: string; certificate: string }
let factory: { arn: string; csr: string; certificate: string }
before(async () => {
  service = await TestService.start({ enrollListen: '127.0.0.1:0' })
  devices = await createRoot(service, { subject: { CommonName: 'Devices' } })
  factory = await createRoot(service, { subject: { CommonName: 'Factory' } })
  await createEndpoint(service, 'devices', { ca: devices.arn })
  await createEndpoint(service, 'bootstrap', {
    ca: devices.arn,
    authentication: 'certificate',
    clientAuthorityArn: factory.arn,
    names: '*.corp.example',
  })
  await createEndpoint(service, 'passwords', { ca: devices.arn, authentication: 'password' })
})
after(() => service.close())

/** Issues a client certificate through the API. */
async function issued(
  authority: { arn: string },
  { template = 'EndEntityClientAuthCertificate', names = ['device-1.corp.example'] } = {},
): Promise<ClientCertificate & ClientKey> {
  const { key, csr } = await clientKey({ names })
  const { certificate } = await issue(service, { arn: authority.arn, csr }, { template })
  return { key, csr, cert: certificate }
}

async function statusOf(
  operation: string,
  client: ClientCertificate | undefined,
  csr: string,
): Promise<readonly [number, string]> {
  const { status, text: message } = await estCall(service, operation, { csr, client })
  return [status, message.trim()]
}

test('a renewal can have another key, but no other name', async () => {
  const client = await enrolled(service, 'devices', { names: ['device-1.corp.example'] })
  const rekey = await clientKey({ names: ['device-1.corp.example'], keyAlgorithm: 'EC_secp384r1' })
  const certificate = certificateOf(
    await estCall(service, 'devices/simplereenroll', { csr: rekey.csr, client }),
  )
  const publicKey = createPublicKey(createPrivateKey(rekey.key))
  assert.ok(new X509Certificate(certificate).publicKey.equals(publicKey))
  for (const names of [['device-2.corp.example'], ['device-1.corp.example', 'more.corp.example']]) {
    const { csr } = await clientKey({ names })
    for (const operation of ['simplereenroll', 'simpleenroll'])
      assert.equal((await statusOf(`devices/${operation}`, client, csr))[0], 403, operation)
  }
})

test('a certificate that was issued through the API can be renewed', async () => {
  const client = await issued(devices)
  assert.equal((await statusOf('devices/simplereenroll', client, client.csr))[0], 200)
})

test('a certificate of the CA for clients enrolls permitted names, but is not renewed', async () => {
  const client = await issued(factory, { names: ['serial-17.factory.example'] })
  const { csr } = await clientKey({ names: ['device-9.corp.example'] })
  const { cert } = {
    cert: certificateOf(await estCall(service, 'bootstrap/simpleenroll', { csr, client })),
  }
  assert.match(new X509Certificate(cert).issuer, /CN=Devices/)
  const [status, message] = await statusOf('bootstrap/simplereenroll', client, client.csr)
  assert.equal(status, 403)
  assert.match(message, /Use simpleenroll/)
  const other = await clientKey({ names: ['device-9.other.example'] })
  assert.equal((await statusOf('bootstrap/simpleenroll', client, other.csr))[0], 403)
  assert.equal((await statusOf('devices/simpleenroll', client, csr))[0], 401)
})

test('an endpoint accepts only its ways of authentication', async () => {
  const client = await enrolled(service, 'devices')
  const [status, message] = await statusOf('passwords/simplereenroll', client, client.csr)
  assert.equal(status, 403)
  assert.match(message, /cannot renew certificates\. Use simpleenroll with a one-time password/)
  const none = await statusOf('bootstrap/simpleenroll', undefined, client.csr)
  assert.deepEqual(none, [403, 'The endpoint requires a TLS client certificate.'])
})

test('revoked and expired client certificates are refused', async () => {
  const client = await enrolled(service, 'devices')
  const serial = new X509Certificate(client.cert).serialNumber
  await service.must('RevokeCertificate', {
    CertificateAuthorityArn: devices.arn,
    CertificateSerial: serial.toLowerCase().replaceAll(/(..)(?=.)/g, '$1:'),
    RevocationReason: 'KEY_COMPROMISE',
  })
  for (const operation of ['simplereenroll', 'simpleenroll'])
    assert.deepEqual(await statusOf(`devices/${operation}`, client, client.csr), [
      401,
      'The TLS client certificate is revoked.',
    ])
  const other = await enrolled(service, 'devices')
  service.clock.advance({ days: 91 })
  assert.deepEqual(await statusOf('devices/simplereenroll', other, other.csr), [
    401,
    'The TLS client certificate is expired.',
  ])
  service.clock.catchUp()
})

/** Returns the CA's certificate with an attacker's key instead of the CA's key. */
function imitation(authorityPem: string): Crafted {
  const { subject } = parseCertificate(new X509Certificate(authorityPem).raw)
  return craft({ subject: subject.der })
}

function clientOf({ certificate, keys }: Crafted, ...chain: readonly string[]): ClientCertificate {
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { key, cert: [pemOf({ certificate, keys }).toString(), ...chain].join('\n') }
}

test('certificates of other CAs are refused, whatever they imitate and whatever chain they send', async () => {
  const real = await enrolled(service, 'devices')
  const parsed = parseCertificate(new X509Certificate(real.cert).raw)
  const fake = imitation(devices.certificate)
  const extensions = parsed.extensions
  const validity = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2040-01-01T00:00:00Z' }
  const copied = {
    subject: parsed.subject.der,
    serialNumber: parsed.serialNumber,
    extensions,
    ...validity,
  }
  const underFake = craft(copied, fake)
  const selfSigned = craft({ ...copied, issuer: parsed.issuer.der })
  const garbage = pemOf(
    craft({ extensions: [nonCritical('1.2.3', Buffer.alloc(30_000))] }),
  ).toString()
  const clients: readonly ClientCertificate[] = [
    clientOf(underFake),
    clientOf(underFake, pemOf(fake).toString()),
    clientOf(underFake, real.cert),
    clientOf(underFake, devices.certificate),
    clientOf(underFake, garbage),
    clientOf(selfSigned),
    clientOf(selfSigned, devices.certificate),
    await issued(factory),
  ]
  for (const client of clients)
    for (const operation of ['simplereenroll', 'simpleenroll']) {
      const [status, message] = await statusOf(`devices/${operation}`, client, real.csr)
      assert.equal(status, 401)
      assert.match(message, /not issued by a CA that the endpoint accepts/)
    }
  assert.equal((await statusOf('devices/simplereenroll', undefined, real.csr))[0], 401)
})

test('a garbage chain does not prevent the use of a right certificate', async () => {
  const real = await enrolled(service, 'devices')
  const garbage = pemOf(craft()).toString()
  const client = { key: real.key, cert: `${real.cert}\n${garbage}` }
  assert.equal((await statusOf('devices/simplereenroll', client, real.csr))[0], 200)
})

test('a certificate for another purpose is refused with the reason', async () => {
  const server = await issued(devices, { template: 'EndEntityServerAuthCertificate' })
  assert.deepEqual(await statusOf('devices/simplereenroll', server, server.csr), [
    401,
    'The TLS client certificate has an extended key usage without clientAuth.',
  ])
  const purposes = nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage([oids.clientAuth]))
  const ca = craft({ subject: named('CA') })
  const extensions = [purposes, alternativeNames([text('dNSName', 'a.example')])]
  const future = craft({ notBefore: '2039-01-01T00:00:00Z', extensions }, ca)
  const { csr } = server
  for (const [crafted, reason] of [
    [ca, 'is a CA certificate'],
    [future, 'is not valid yet'],
  ] as const)
    assert.deepEqual(await statusOf('devices/simplereenroll', clientOf(crafted), csr), [
      401,
      `The TLS client certificate ${reason}.`,
    ])
})

test('the certificates of a renewed CA authenticate, and cacerts returns its new certificate', async () => {
  const authority = await createRoot(service, {
    subject: { CommonName: 'Renewed' },
    validity: { Value: 400, Type: 'DAYS' },
  })
  await createEndpoint(service, 'renewed', { ca: authority.arn })
  const client = await enrolled(service, 'renewed')
  const earlier = (await estCall(service, 'renewed/cacerts')).text
  const { csr, arn } = authority
  const renewed = await issue(
    service,
    { arn, csr },
    { template: 'RootCACertificate', validity: { Value: 800, Type: 'DAYS' } },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: arn,
    Certificate: Buffer.from(renewed.certificate).toString('base64'),
  })
  assert.equal((await statusOf('renewed/simplereenroll', client, client.csr))[0], 200)
  assert.notEqual((await estCall(service, 'renewed/cacerts')).text, earlier)
})
