import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { csr } from '../test/support/csrs.ts'
import { createAuthority, templateArn } from '../test/support/hierarchy.ts'
import { TestService } from '../test/support/service.ts'
import { createClient, type Client, type Hierarchy, type IssueRequest } from './index.ts'

let service: TestService
let client: Client
let hierarchy: Hierarchy
let ca: string
before(async () => {
  service = await TestService.start()
  const { url: endpoint, credentials } = service
  client = createClient({ region: 'eu-west-1', endpoint, credentials, maxAttempts: 1 })
  hierarchy = await client.createHierarchy({
    root: { subject: { CommonName: 'Root' }, keyAlgorithm: 'RSA_2048' },
    issuing: { subject: { CommonName: 'Issuing' } },
  })
  ca = hierarchy.issuing.arn
})
after(async () => {
  client.close()
  await service.close()
})

for (const keyAlgorithm of ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'] as const)
  test(`tls serves what is issued with ${keyAlgorithm}, and a client that knows the root accepts it`, async () => {
    const issued = await client.issue({
      ca,
      keyAlgorithm,
      names: ['localhost', '127.0.0.1'],
      validity: { days: 30 },
    })
    const { key, certificate, chain } = issued
    assert.ok(key !== undefined)
    const server = createServer({ key, cert: certificate + chain }, (socket) => socket.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const socket = connect({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: hierarchy.root.certificate,
      })
      await once(socket, 'secureConnect')
      assert.ok(socket.authorized, String(socket.authorizationError))
      assert.equal(socket.getPeerX509Certificate()?.checkIP('127.0.0.1'), '127.0.0.1')
      socket.destroy()
    } finally {
      server.close()
    }
  })

test('what is issued says what it is', async () => {
  const until = new Date(Math.ceil(Date.now() / 1000 + 86_400) * 1000)
  const validity = { until }
  const issued = await client.issue({ ca, csr: csr('ec-server'), validity, usage: 'server' })
  const found = new X509Certificate(issued.certificate)
  assert.equal(issued.key, undefined)
  assert.equal(issued.certificateAuthorityArn, ca)
  assert.equal(issued.arn, `${ca}/certificate/${issued.serialNumber}`)
  assert.equal(BigInt(`0x${found.serialNumber}`), BigInt(`0x${issued.serialNumber}`))
  assert.deepEqual(issued.notAfter, until)
  assert.deepEqual(issued.notBefore, found.validFromDate)
  assert.deepEqual(found.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(issued.chain, hierarchy.issuing.certificate + hierarchy.root.certificate)
  assert.match(issued.certificate, /-----END CERTIFICATE-----\n$/)
})

test('it can be revoked by the serial number that it says', async () => {
  const { serialNumber } = await client.issue({ ca, names: ['a.example'], validity: { days: 1 } })
  await client.revokeCertificate({
    CertificateAuthorityArn: ca,
    CertificateSerial: serialNumber,
    RevocationReason: 'SUPERSEDED',
  })
})

test('usage, template, passthrough and validity reach the service', async () => {
  const request = { ca, names: ['a.example'], validity: { days: 1 } } as const
  const usageOf = async (more: Partial<IssueRequest>): Promise<string[] | undefined> => {
    const { certificate } = await client.issue({ ...request, ...more } as IssueRequest)
    return new X509Certificate(certificate).keyUsage
  }
  const [server, forClient, code] = ['1', '2', '3'].map((number) => `1.3.6.1.5.5.7.3.${number}`)
  assert.deepEqual(await usageOf({}), [server, forClient])
  assert.deepEqual(await usageOf({ usage: 'client' }), [forClient])
  assert.deepEqual(await usageOf({ template: 'CodeSigningCertificate' }), [code])
  assert.deepEqual(await usageOf({ template: templateArn('EndEntityServerAuthCertificate') }), [
    server,
  ])
  const passed = await client.issue({
    ...request,
    template: 'EndEntityCertificate_APIPassthrough',
    apiPassthrough: { Subject: { CommonName: 'passed' } },
    validity: { Value: 1, Type: 'YEARS' },
  })
  assert.equal(new X509Certificate(passed.certificate).subject, 'CN=passed')
})

test('with a token there is one certificate', async () => {
  const request = { ca, csr: csr('ec-server'), validity: { days: 1 } } as const
  const first = await client.issue({ ...request, idempotencyToken: 'one' })
  const second = await client.issue({ ...request, idempotencyToken: 'one' })
  assert.equal(second.arn, first.arn)
  assert.notEqual((await client.issue(request)).arn, first.arn)
})

test('a caller who may not describe the CA says what it signs with', async () => {
  const { createUser, allow } = await import('../test/support/accounts.ts')
  const statements = [allow('IssueCertificate', 'GetCertificate')]
  const { credentials } = await createUser(service, { userName: 'issuer', statements })
  const restricted = createClient({ region: 'eu-west-1', endpoint: service.url, credentials })
  const request = { ca, names: ['a.example'], validity: { days: 1 } } as const
  await assert.rejects(restricted.issue(request), { name: 'AccessDeniedException' })
  const issued = await restricted.issue({ ...request, signingAlgorithm: 'SHA256WITHECDSA' })
  assert.equal(issued.certificateAuthorityArn, ca)
  restricted.close()
})

test('what makes no sense is refused', async () => {
  const validity = { days: 1 }
  const { arn: pending } = await createAuthority(service)
  const refused: [object, { name: string; message: RegExp }][] = [
    [
      { ca, validity },
      { name: 'TypeError', message: /names or subject/ },
    ],
    [
      { ca, validity, csr: csr('ec-server'), names: ['a'] },
      { name: 'TypeError', message: /csr says/ },
    ],
    [
      { ca, validity, names: ['a'], usage: 'server', template: 'EndEntityCertificate' },
      { name: 'TypeError', message: /give either/ },
    ],
    [
      { ca, names: ['a'], validity: { until: new Date(NaN) } },
      { name: 'TypeError', message: /not a valid date/ },
    ],
    [
      { ca, validity, csr: 'no csr' },
      { name: 'MalformedCSRException', message: /./ },
    ],
    [
      { ca: pending, validity, names: ['a'] },
      { name: 'InvalidStateException', message: /state/ },
    ],
    [
      { ca, names: ['a'], validity: { years: 50 } },
      { name: 'ValidationException', message: /validity/i },
    ],
  ]
  for (const [request, error] of refused)
    await assert.rejects(client.issue(request as IssueRequest), error, JSON.stringify(request))
  const abortSignal = AbortSignal.abort()
  await assert.rejects(client.issue({ ca, names: ['a'], validity, abortSignal }), {
    name: 'AbortError',
  })
})
