/** Tests of EST endpoints: enrollment and renewal by one-time password and by client certificate. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  certificateOf,
  certificatesIn,
  clientKey,
  csrBody,
  enrolled,
  estCall,
  createEndpoint,
  createPassword,
  withFiles,
} from '../../support/est.ts'
import { outcome, tool } from '../../support/foreign-tools.ts'
import { createRoot, createSubordinate } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

const lines: string[] = []
let service: TestService
let root: { arn: string; csr: string; certificate: string }
let devices: { arn: string; csr: string; certificate: string }
before(async () => {
  const logTo = { write: (line: string) => void lines.push(line) }
  service = await TestService.start({ enrollListen: '127.0.0.1:0', logLevel: 'info' }, { logTo })
  root = await createRoot(service)
  devices = await createSubordinate(service, root)
  await createEndpoint(service, 'devices', { ca: devices.arn })
  await createEndpoint(service, 'named', { ca: devices.arn, names: '*.corp.example,10.0.0.0/8' })
})
after(() => service.close())

/** Returns certificates in hexadecimal, in a fixed order. */
function hexOf(certificates: readonly Buffer[]): string[] {
  return certificates.map((der) => der.toString('hex')).sort()
}

test('curl and openssl enroll a device with a one-time password, and renew its certificate', async (t) => {
  for (const program of ['curl', 'openssl']) if ((await tool(t, program)) === undefined) return
  const credentials = await createPassword(service, 'devices')
  await withFiles({ 'server.pem': service.enrollRoot }, async (folder) => {
    const at = (file: string): string => join(folder, file)
    const run = async (command: string, ...args: string[]): Promise<void> => {
      const { ok, text } = await outcome(command, args)
      assert.ok(ok, `${command} ${args.join(' ')}: ${text}`)
    }
    const url = `${service.enrollUrl}/.well-known/est/devices`
    const curl = (...args: string[]) =>
      run('curl', '--fail', '--silent', '--show-error', '--cacert', at('server.pem'), ...args)
    const post = [
      '--data-binary',
      `@${at('csr.b64')}`,
      '--header',
      'Content-Type: application/pkcs10',
    ]
    const certificates = async (from: string, to: string): Promise<void> => {
      await run('openssl', 'base64', '-d', '-in', at(from), '-out', at('message.der'))
      await run(
        'openssl',
        'pkcs7',
        '-inform',
        'DER',
        '-in',
        at('message.der'),
        '-print_certs',
        '-out',
        at(to),
      )
    }
    await curl(`${url}/cacerts`, '--output', at('ca.b64'))
    await certificates('ca.b64', 'ca.pem')
    await run(
      'openssl',
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at('key.pem'),
      '-subj',
      '/O=Devices/CN=Sensor 17',
      '-addext',
      'subjectAltName=DNS:sensor-17.corp.example,IP:10.1.2.3',
      '-outform',
      'DER',
      '-out',
      at('csr.der'),
    )
    await run('openssl', 'base64', '-in', at('csr.der'), '-out', at('csr.b64'))
    await curl(`${url}/simpleenroll`, ...post, '--user', credentials, '--output', at('cert.b64'))
    await certificates('cert.b64', 'cert.pem')
    await run('openssl', 'verify', '-purpose', 'sslclient', '-CAfile', at('ca.pem'), at('cert.pem'))
    const client = ['--cert', at('cert.pem'), '--key', at('key.pem')]
    await curl(`${url}/simplereenroll`, ...post, ...client, '--output', at('new.b64'))
    await certificates('new.b64', 'new.pem')
    await run('openssl', 'verify', '-purpose', 'sslclient', '-CAfile', at('ca.pem'), at('new.pem'))
    const [first, renewed] = await Promise.all(
      ['cert.pem', 'new.pem'].map(async (file) => new X509Certificate(await readFile(at(file)))),
    )
    assert.equal(renewed?.subject, first?.subject)
    assert.equal(renewed?.subjectAltName, 'DNS:sensor-17.corp.example, IP Address:10.1.2.3')
    assert.notEqual(renewed.serialNumber, first?.serialNumber)
  })
})

test('cacerts returns the chain with the root to anyone', async () => {
  const answer = await estCall(service, 'devices/cacerts')
  assert.deepEqual(
    [answer.status, answer.headers['content-type'], answer.headers['content-transfer-encoding']],
    [200, 'application/pkcs7-mime', 'base64'],
  )
  const subjects = certificatesIn(answer.text).map((pem) => new X509Certificate(pem).raw)
  const expected = [devices.certificate, root.certificate].map(
    (pem) => new X509Certificate(pem).raw,
  )
  assert.deepEqual(hexOf(subjects), hexOf(expected))
  const head = await estCall(service, 'devices/cacerts', { method: 'HEAD' })
  assert.deepEqual(
    [head.status, head.text, head.headers['content-length']],
    [200, '', answer.headers['content-length']],
  )
})

test('a password that is wrong, unknown, expired or of another endpoint is refused with a challenge', async () => {
  const { csr } = await clientKey()
  const right = await createPassword(service, 'devices')
  const old = await createPassword(service, 'devices', { expiresSeconds: 1 })
  service.clock.advance({ seconds: 10 })
  const wrong = [
    `${right}x`,
    'nobody:secret',
    ':',
    old,
    await createPassword(service, 'named'),
    'a\0b:secret',
  ]
  for (const credentials of [...wrong, undefined]) {
    const answer = await estCall(service, 'devices/simpleenroll', { csr, credentials })
    assert.equal(answer.status, 401, credentials)
    assert.match(String(answer.headers['www-authenticate']), /^Basic realm="est"/)
  }
  const other = { authorization: 'Bearer abc' }
  assert.equal(
    (await estCall(service, 'devices/simpleenroll', { csr, headers: other })).status,
    401,
  )
  const answer = await estCall(service, 'devices/simpleenroll', { csr, credentials: right })
  assert.equal(answer.status, 200)
  const [userName = '', password = ''] = right.split(':')
  assert.ok(!lines.some((line) => line.includes(password)), 'a log line contains a password')
  assert.ok(lines.some((line) => line.includes(`"client":"user ${userName}"`)))
})

test('a used password returns the same certificate for the same CSR, and nothing for another', async () => {
  const credentials = await createPassword(service, 'devices')
  const [first, second] = await Promise.all([clientKey(), clientKey()])
  const enroll = (csr: string) => estCall(service, 'devices/simpleenroll', { csr, credentials })
  const certificate = certificateOf(await enroll(first.csr))
  assert.equal(certificateOf(await enroll(first.csr)), certificate)
  const { status, text } = await enroll(second.csr)
  assert.deepEqual([status, text], [401, 'The one-time password has been used.\n'])
})

test('of concurrent requests with one password, one gets a certificate', async () => {
  const credentials = await createPassword(service, 'devices')
  const keys = await Promise.all(Array.from({ length: 8 }, () => clientKey()))
  const answers = await Promise.all(
    keys.map(({ csr }) => estCall(service, 'devices/simpleenroll', { csr, credentials })),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, ...Array(7).fill(401)],
  )
})

test('concurrent repetitions of one request get the same certificate', async () => {
  const credentials = await createPassword(service, 'devices')
  const { csr } = await clientKey()
  const count = async () =>
    (await service.inDatabase('select count(*) as total from certificates'))[0]?.['total']
  const total = Number(await count())
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => estCall(service, 'devices/simpleenroll', { csr, credentials })),
  )
  assert.equal(new Set(answers.map(certificateOf)).size, 1)
  assert.equal(Number(await count()), total + 1)
})

test('a refused request does not use the password', async () => {
  const credentials = await createPassword(service, 'named', { names: 'a.corp.example' })
  const enroll = async (csr: string) => estCall(service, 'named/simpleenroll', { csr, credentials })
  const other = await clientKey({ names: ['b.corp.example'] })
  const refused = await enroll(other.csr)
  assert.deepEqual(
    [refused.status, refused.text],
    [403, 'The name b.corp.example is not permitted.\n'],
  )
  const { csr } = await clientKey({ names: ['a.corp.example'] })
  const broken = Buffer.from(csrBody(csr), 'base64')
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  const body = broken.toString('base64')
  const invalid = await estCall(service, 'named/simpleenroll', { body, credentials })
  assert.equal(invalid.status, 400)
  assert.match(invalid.text, /signature/)
  assert.equal((await enroll(csr)).status, 200)
})

test('the names of the endpoint limit certificates, also those of renewals', async () => {
  const client = await enrolled(service, 'devices', { names: ['other.example'] })
  const renewal = { csr: client.csr, client }
  assert.equal((await estCall(service, 'named/simplereenroll', renewal)).status, 403)
  assert.equal((await estCall(service, 'devices/simplereenroll', renewal)).status, 200)
  for (const names of [['*.corp.example'], ['10.1.2.3', 'x.y.corp.example']])
    await enrolled(service, 'named', { names })
  for (const names of [['11.1.2.3'], ['corp.example'], ['a@a.corp.example', 'a.corp.example']]) {
    const { csr } = await clientKey({ names })
    const credentials = await createPassword(service, 'named')
    assert.equal((await estCall(service, 'named/simpleenroll', { csr, credentials })).status, 403)
  }
})

test('an endpoint whose template is for CA certificates issues nothing', async () => {
  const template = 'SubordinateCACertificate_PathLen0/V1'
  await createEndpoint(service, 'ca', { ca: root.arn })
  await service.inDatabase(
    `update enrollment_endpoints set configuration = replace(configuration, ?, ?) where name = 'ca'`,
    'EndEntityClientAuthCertificate/V1',
    template,
  )
  const credentials = await createPassword(service, 'ca')
  const { csr } = await clientKey()
  const { status, text } = await estCall(service, 'ca/simpleenroll', { csr, credentials })
  assert.equal(status, 403)
  assert.match(text, /policies of the endpoint/)
})

test('certificates never outlive their CA, and a disabled CA is unavailable', async () => {
  const { arn, certificate } = await createRoot(service, { validity: { Value: 10, Type: 'DAYS' } })
  await createEndpoint(service, 'short', { ca: arn })
  const { cert } = await enrolled(service, 'short')
  assert.equal(new X509Certificate(cert).validTo, new X509Certificate(certificate).validTo)
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: arn,
    Status: 'DISABLED',
  })
  const credentials = await createPassword(service, 'short')
  const { csr } = await clientKey()
  const answer = await estCall(service, 'short/simpleenroll', { csr, credentials })
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '60'])
})

test('requests are counted by operation and result', async () => {
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  for (const [operation, result] of [
    ['simpleenroll', 'success'],
    ['simpleenroll', 'unauthorized'],
    ['simplereenroll', 'refused'],
    ['cacerts', 'success'],
  ])
    assert.match(
      metrics,
      new RegExp(
        `signet_est_requests_total\\{operation="${operation}",result="${result}"\\} [1-9]`,
      ),
    )
})
