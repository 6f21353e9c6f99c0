/** Tests of TLS on the API listener: certificates from files and from the server's own CA, and client certificates. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import type { Flags } from '../../src/settings/config.ts'
import { createUser, policyOf } from '../support/accounts.ts'
import { clientEnvironment, clients, tool } from '../support/foreign-tools.ts'
import { createRoot } from '../support/hierarchy.ts'
import { command, startServer } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'
import { callOverTls, makeCertificate, type CertificateFiles } from '../support/tls.ts'

const run = promisify(execFile)
let folder: string
let first: CertificateFiles
let second: CertificateFiles
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-tls-'))
  first = await makeCertificate(folder, 'first')
  second = await makeCertificate(folder, 'second')
})
after(() => rm(folder, { recursive: true }))

async function withFiles(
  more: Flags = {},
): Promise<{ service: TestService; files: CertificateFiles }> {
  const files = { cert: join(folder, 'shown.pem'), key: join(folder, 'shown.key') }
  await copyFile(first.cert, files.cert)
  await copyFile(first.key, files.key)
  const flags = { tlsCert: files.cert, tlsKey: files.key, ...more }
  return { service: await TestService.start(flags), files }
}

test('with certificate files the API is served over TLS only', async (t) => {
  const { service } = await withFiles()
  t.after(() => service.close())
  assert.match(service.url, /^https:/)
  const ca = await readFile(first.cert, 'utf8')
  const { status, peer, protocol } = await callOverTls(service, { ca })
  assert.deepEqual([status, peer.subject.CN, protocol], [200, 'first', 'TLSv1.3'])
  await assert.rejects(callOverTls(service, { ca: await readFile(second.cert, 'utf8') }), {
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  })
  await assert.rejects(fetch(service.url.replace('https', 'http')))
  const port = Number(new URL(service.url).port)
  const old = connect({ port, host: '127.0.0.1', ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
  await assert.rejects(
    new Promise((_resolve, reject) => {
      old.once('error', reject)
    }),
  )
  assert.equal(
    (await fetch(`${service.publicUrl}/healthz`)).status,
    200,
    'the public listener does not use TLS',
  )
})

test('every command says why a TLS listener or a plain listener cannot be used with the wrong URL', async (t) => {
  const { service } = await withFiles()
  t.after(() => service.close())
  const plain = await TestService.start()
  t.after(() => plain.close())
  const data = service.config.dataDirectory
  for (const [endpoint, reason] of [
    [service.url.replace('https', 'http'), 'closed the connection: use an https:// URL'],
    [service.url, 'is not trusted (self-signed certificate): specify the root certificate'],
    [plain.url.replace('http', 'https'), 'does not speak TLS: use an http:// URL'],
  ] as const) {
    for (const args of [['status'], ['ca', 'list'], ['certificates', 'list']]) {
      const outcome = await command([...args, '--endpoint', endpoint, '--data', data])
      assert.notEqual(outcome.code, 0)
      const said = `${outcome.stdout}${outcome.stderr}`
      assert.ok(said.includes(reason), `${args.join(' ')}: ${said}`)
    }
    const { stderr } = await command(['inspect', `${endpoint}/certificate`])
    if (endpoint !== service.url)
      assert.ok(stderr.includes(`${endpoint}/certificate ${reason}`), stderr)
  }
})

test('changed certificate files are loaded without a restart, unless key and certificate do not match', async (t) => {
  const { service, files } = await withFiles()
  t.after(() => service.close())
  const ca = (await readFile(first.cert, 'utf8')) + (await readFile(second.cert, 'utf8'))
  const peerName = async (): Promise<string | string[] | undefined> =>
    (await callOverTls(service, { ca })).peer.subject.CN
  await copyFile(second.cert, files.cert)
  await service.reload()
  assert.equal(await peerName(), 'first', 'the key still belongs to the first certificate')
  await copyFile(second.key, files.key)
  await service.reload()
  assert.equal(await peerName(), 'second')
  await rm(files.cert)
  await service.reload()
  assert.equal(await peerName(), 'second')
})

test('a running server reloads certificate files periodically and on SIGHUP', async (t) => {
  const files = { cert: join(folder, 'own.pem'), key: join(folder, 'own.key') }
  await copyFile(first.cert, files.cert)
  await copyFile(first.key, files.key)
  const data = join(folder, 'process')
  const flags = ['--tls-cert', files.cert, '--tls-key', files.key]
  const server = await startServer(data, flags)
  t.after(() => server.stop('SIGTERM'))
  assert.match(server.stdout(), /aws acm-pca list-certificate-authorities --endpoint-url https:/)
  const port = Number(new URL(server.url).port)
  const peerSubject = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.subject)
        socket.destroy()
      })
    })
  const waitForSubject = (subject: string): Promise<unknown> =>
    eventually(async () => ((await peerSubject()) === subject ? subject : undefined), subject)
  await waitForSubject('CN=first')
  await copyFile(second.key, files.key)
  await copyFile(second.cert, files.cert)
  await waitForSubject('CN=second')
  await copyFile(first.cert, files.cert)
  await copyFile(first.key, files.key)
  server.child.kill('SIGHUP')
  await waitForSubject('CN=first')
})

test('with --tls-client-ca, clients must present a certificate issued by one of these CAs', async (t) => {
  const { service } = await withFiles({ tlsClientCa: second.cert })
  t.after(() => service.close())
  const ca = await readFile(first.cert, 'utf8')
  assert.equal((await callOverTls(service, { ca, client: second })).status, 200)
  for (const call of [{ ca }, { ca, client: first }])
    await assert.rejects(callOverTls(service, call), /ECONNRESET|alert|socket hang up/)
})

test("--tls-self issues, records and renews a certificate of one of the server's CAs", async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const root = await createRoot(service)
  const own = await service.restartWith({ tlsSelf: root.arn, tlsNames: 'localhost,127.0.0.1,::1' })
  assert.equal(
    await readFile(join(own.config.dataDirectory, 'tls-root.pem'), 'utf8'),
    `${root.certificate.trim()}\n`,
  )
  const call = (acceptsAnyCertificate = false) =>
    callOverTls(own, { ca: root.certificate, acceptsAnyCertificate })
  const { peer } = await call()
  const leaf = new X509Certificate(peer.raw)
  assert.equal(
    leaf.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  )
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.ok(leaf.verify(new X509Certificate(root.certificate).publicKey))
  const serial = peer.serialNumber
  own.clock.advance({ days: 4 })
  await own.reload()
  assert.equal((await call()).peer.serialNumber, serial, 'the renewal is not due yet')
  own.clock.advance({ days: 1 })
  await own.reload()
  // For this client, the certificate is not valid yet.
  const renewed = (await call(true)).peer
  assert.notEqual(renewed.serialNumber, serial)
  assert.ok(
    new X509Certificate(renewed.raw).verify(new X509Certificate(root.certificate).publicKey),
  )
})

test('--tls-self with a nonexistent CA is refused with instructions', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const missing = `arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/${crypto.randomUUID()}`
  await assert.rejects(
    service.restartWith({ tlsSelf: missing }),
    /--tls-self: the certificate authority arn\S+ does not exist; start on loopback without/,
  )
  await service.restartWith({})
})

test('--tls-self accepts the common name of a CA, and lists ARNs if several CAs have the name', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const { arn, certificate } = await createRoot(service)
  const name = /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1] ?? ''
  const own = await service.restartWith({ tlsSelf: name, tlsNames: 'localhost,127.0.0.1' })
  assert.equal((await callOverTls(own, { ca: certificate })).status, 200)
  const plain = await own.restartWith({})
  await assert.rejects(
    plain.restartWith({ tlsSelf: `${name} 2` }),
    /--tls-self: the certificate authority .* 2 does not exist/,
  )
  const again = await plain.restartWith({})
  const other = await createRoot(again)
  await assert.rejects(again.restartWith({ tlsSelf: name }), (error: Error) =>
    [arn, other.arn, '2 certificate authorities'].every((text) => error.message.includes(text)),
  )
  await again.restartWith({})
})

test('aws:SecureTransport is true for requests over TLS only', async (t) => {
  const { service } = await withFiles()
  t.after(() => service.close())
  const plain = await TestService.start()
  t.after(() => plain.close())
  const ca = await readFile(first.cert, 'utf8')
  const policy = policyOf({
    Effect: 'Allow',
    Action: '*',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'true' } },
  })
  const { credentials } = await createUser(service, { policy })
  assert.equal((await callOverTls(service, { ca, credentials })).status, 200)
  const other = await createUser(plain, { policy })
  assert.match(
    await plain.refusal('ListCertificateAuthorities', {}, other),
    /^AccessDeniedException/,
  )
})

test('invalid TLS settings are reported at startup without the content of the files', async () => {
  const broken = join(folder, 'broken.pem')
  await writeFile(broken, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n')
  for (const [flags, message] of [
    [
      { tlsCert: broken, tlsKey: first.key },
      /--tls-cert \S+ does not contain a certificate in PEM$/,
    ],
    [
      { tlsCert: first.cert, tlsKey: broken },
      /--tls-key \S+ does not contain a private key in PEM$/,
    ],
    [{ tlsCert: first.cert, tlsKey: second.key }, /--tls-key \S+ is not the key of --tls-cert/],
    [
      { tlsCert: join(folder, 'none'), tlsKey: first.key },
      /--tls-cert \S+ cannot be read: no such file or folder/,
    ],
    [{ tlsCert: first.cert }, /--tls-cert requires --tls-key/],
    [
      { tlsCert: first.cert, tlsKey: first.key, tlsSelf: 'x' },
      /cannot be combined with --tls-self/,
    ],
    [{ tlsClientCa: first.cert }, /--tls-client-ca requires/],
    [{ tlsNames: 'a' }, /--tls-names requires --tls-self/],
    [{ tlsSelf: 'x', tlsNames: 'a b' }, /TLS_NAMES|--tls-names must be up to 100 host names/],
    [{ listen: '0.0.0.0:0' }, /--listen exposes the API to other machines over plain HTTP/],
    [{ callLog: join(folder, 'none', 'calls') }, /--call-log: the folder \S+ does not exist/],
  ] as const)
    await assert.rejects(TestService.start(flags), message)
  const open = await TestService.start({ listen: '0.0.0.0:0', insecureHttp: 'true' })
  await open.close()
})

for (const { command: name, optional } of clients('aws'))
  test(`the AWS CLI trusts the root and uses the API over TLS: ${name}`, async (t) => {
    const aws = await tool(t, name, { optional })
    if (aws === undefined) return
    const service = await TestService.start()
    t.after(() => service.close())
    const root = await createRoot(service)
    const bundle = join(folder, 'root.pem')
    await writeFile(bundle, root.certificate)
    await service.restartWith({ tlsSelf: root.arn })
    const { dataDirectory } = service.config
    const env = {
      ...clientEnvironment(folder, { dataDirectory, region: 'eu-west-1' }),
      AWS_CA_BUNDLE: bundle,
    }
    const argv = ['acm-pca', 'list-certificate-authorities', '--endpoint-url', service.url]
    const { stdout } = await run(aws, argv, { env })
    assert.match(stdout, new RegExp(root.arn))
  })
