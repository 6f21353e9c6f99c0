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
  test(`a TLS client that trusts the root accepts a certificate with ${keyAlgorithm}`, async () => {
    const issued = await client.issue({
      ca,
      keyAlgorithm,
      names: ['localhost', '127.0.0.1'],
      validity: { days: 30 },
    })
    const { key, certificate, chain } = issued
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

test('an issued certificate has its ARN, serial number, validity, chain and root', async () => {
  const until = new Date(Math.ceil(Date.now() / 1000 + 86_400) * 1000)
  const validity = { until }
  const issued = await client.issue({ ca, csr: csr('ec-server'), validity, usage: 'server' })
  const found = new X509Certificate(issued.certificate)
  assert.ok(!('key' in issued))
  assert.equal(issued.certificateAuthorityArn, ca)
  assert.equal(issued.arn, `${ca}/certificate/${issued.serialNumber}`)
  assert.equal(BigInt(`0x${found.serialNumber}`), BigInt(`0x${issued.serialNumber}`))
  assert.deepEqual(issued.notAfter, until)
  assert.deepEqual(issued.notBefore, found.validFromDate)
  assert.deepEqual(found.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(issued.chain, hierarchy.issuing.certificate)
  assert.equal(issued.root, hierarchy.root.certificate)
  assert.match(issued.certificate, /-----END CERTIFICATE-----\n$/)
})

test('notBefore and notAfter are valid on Node.js 20, whose X509Certificate has no validToDate', async (t) => {
  for (const name of ['validFromDate', 'validToDate'] as const)
    t.mock.getter(X509Certificate.prototype, name, () => undefined as unknown as Date)
  const until = new Date(Math.ceil(Date.now() / 1000 + 86_400) * 1000)
  const { notBefore, notAfter } = await client.issue({
    ca,
    names: ['a.example'],
    validity: { until },
  })
  assert.deepEqual(notAfter, until)
  assert.ok(notBefore < until)
})

test('a certificate can be revoked by its serialNumber', async () => {
  const { serialNumber } = await client.issue({ ca, names: ['a.example'], validity: { days: 1 } })
  await client.revokeCertificate({
    CertificateAuthorityArn: ca,
    CertificateSerial: serialNumber,
    RevocationReason: 'SUPERSEDED',
  })
})

test('usage, template, apiPassthrough and validity are sent to the service', async () => {
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

test('a CA can be given by its CommonName or its ID', async () => {
  const request = { names: ['a.example'], validity: { days: 1 } } as const
  for (const name of ['Issuing', ca.slice(ca.lastIndexOf('/') + 1)]) {
    const issued = await client.issue({ ...request, ca: name })
    assert.equal(issued.certificateAuthorityArn, ca)
    assert.ok(issued.arn.startsWith(`${ca}/certificate/`))
  }
  await assert.rejects(client.issue({ ...request, ca: 'issuing' }), {
    name: 'TypeError',
    message: [
      'no ACTIVE CA has the name or ID "issuing"; the ACTIVE CAs are:',
      ...[hierarchy.root.arn, ca].map((arn) => `  "${arn === ca ? 'Issuing' : 'Root'}" ${arn}`),
    ].join('\n'),
  })
  const { issuing } = await client.createHierarchy({
    root: { subject: { CommonName: 'Other root' } },
    issuing: { subject: { CommonName: 'Issuing' } },
  })
  await assert.rejects(client.issue({ ...request, ca: 'Issuing' }), ({ message }: Error) => {
    const [first, ...candidates] = message.split('\n')
    assert.equal(first, '2 ACTIVE CAs have the name "Issuing"; pass one of these ARNs:')
    assert.deepEqual(
      candidates.toSorted(),
      [`  "Issuing" ${ca}`, `  "Issuing" ${issuing.arn}`].toSorted(),
    )
    return true
  })
  const { url: endpoint, credentials } = service
  const elsewhere = createClient({ region: 'eu-north-1', endpoint, credentials })
  await assert.rejects(
    elsewhere.issue({ ...request, ca: 'Issuing' }),
    /this account has no ACTIVE CA in this Region/,
  )
  elsewhere.close()
})

test('two requests with the same token return one certificate', async () => {
  const request = { ca, csr: csr('ec-server'), validity: { days: 1 } } as const
  const first = await client.issue({ ...request, idempotencyToken: 'one' })
  const second = await client.issue({ ...request, idempotencyToken: 'one' })
  assert.equal(second.arn, first.arn)
  assert.notEqual((await client.issue(request)).arn, first.arn)
})

test('a caller without permission for DescribeCertificateAuthority can pass the signing algorithm', async () => {
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

test('an invalid request is refused with the reason', async () => {
  const validity = { days: 1 }
  const { arn: pending } = await createAuthority(service)
  const refused: [object, { name: string; message: RegExp }][] = [
    [
      { ca, validity },
      { name: 'TypeError', message: /option 'names' must have at least one name/ },
    ],
    [
      { ca, validity, csr: csr('ec-server'), names: ['a'] },
      { name: 'TypeError', message: /options 'csr' and 'names' cannot be combined/ },
    ],
    [
      { ca, validity, names: ['a'], usage: 'server', template: 'EndEntityCertificate' },
      { name: 'TypeError', message: /options 'template' and 'usage' cannot be combined/ },
    ],
    [
      { ca, names: ['a'], validity: { until: new Date(NaN) } },
      { name: 'TypeError', message: /option 'until' must be a valid Date, not an invalid Date/ },
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
