/** Tests of the enrollment listener: its certificate, its hosts, client certificates and limits. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { text as readText } from 'node:stream/consumers'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { waitForMasterKey } from '../../src/server/locked.ts'
import { readConfig, type Flags } from '../../src/settings/config.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { BackupFolder } from '../support/backups.ts'
import { enrollRequest, type EnrollServer } from '../support/enroll.ts'
import { freePort } from '../support/free-port.ts'
import { createRoot } from '../support/hierarchy.ts'
import { command, startServer } from '../support/process.ts'
import { TestService } from '../support/service.ts'
import { onTerminal } from '../support/terminal.ts'
import { callOverTls, makeCertificate, type CertificateFiles } from '../support/tls.ts'

const run = promisify(execFile)
const enrollListen = '127.0.0.1:0'

let folder: string
let files: CertificateFiles
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-enroll-'))
  files = await makeCertificate(folder, 'listener')
})
after(() => rm(folder, { recursive: true }))

async function startService(t: TestContext, flags: Flags = {}): Promise<TestService> {
  const service = await TestService.start({ enrollListen, ...flags })
  t.after(() => service.close())
  return service
}

/**
 * The enrollment listener's certificate. The client accepts any certificate, because the server's clock differs from the
 * client's.
 */
async function leafOf(server: EnrollServer): Promise<X509Certificate> {
  const { peer } = await enrollRequest(server, '/healthz', { rejectUnauthorized: false })
  return new X509Certificate(peer.raw)
}

test('OpenSSL verifies the listener for each of its names with the root in the data folder', async (t) => {
  const names = 'ca.example.com,*.pki.example.com,127.0.0.1,2001:db8::1'
  const service = await startService(t, { enrollNames: names })
  const root = join(service.config.dataDirectory, 'tls-root.pem')
  const { port } = new URL(service.enrollUrl)
  assert.equal(service.enrollUrl, `https://ca.example.com:${port}`)
  const verify = (...options: readonly string[]) =>
    run('sh', [
      '-c',
      'openssl s_client -verify_return_error -purpose sslserver "$@" </dev/null',
      'openssl',
      '-connect',
      `127.0.0.1:${port}`,
      '-CAfile',
      root,
      ...options,
    ])
  for (const options of [
    ['-verify_hostname', 'ca.example.com'],
    ['-verify_hostname', 'a.pki.example.com'],
    ['-verify_ip', '127.0.0.1'],
    ['-verify_ip', '2001:db8::1'],
    ['-verify_ip', '127.0.0.1', '-tls1_2'],
  ])
    assert.match((await verify(...options)).stdout, /Verify return code: 0 \(ok\)/)
  await assert.rejects(verify('-verify_hostname', 'other.example.com'))
  await assert.rejects(verify('-verify_ip', '127.0.0.1', '-CAfile', files.cert))
})

test('the root is valid for ten years, issues only for TLS servers, and is not a CA of an account', async (t) => {
  const service = await startService(t)
  const root = new X509Certificate(service.enrollRoot)
  const leaf = await leafOf(service)
  const days = ({ validFromDate, validToDate }: X509Certificate): number =>
    Math.floor((validToDate.getTime() - validFromDate.getTime()) / 86_400_000)
  assert.deepEqual([days(root), days(leaf)], [3650, 90])
  assert.deepEqual([root.ca, leaf.ca], [true, false])
  assert.match(root.subject, /^CN=Signet enrollment root [\da-f]{8}$/)
  assert.deepEqual(root.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  const path = join(service.config.dataDirectory, 'tls-root.pem')
  const text = (await run('openssl', ['x509', '-in', path, '-noout', '-text'])).stdout
  assert.match(text, /CA:TRUE, pathlen:0/)
  const { CertificateAuthorities: authorities } = await service.must(
    'ListCertificateAuthorities',
    {},
  )
  assert.deepEqual(authorities, [])
})

test('a restart keeps the root, and issues a new certificate with a new key', async (t) => {
  const service = await startService(t)
  const { enrollRoot } = service
  const first = await leafOf(service)
  await rm(join(service.config.dataDirectory, 'tls-root.pem'))
  await service.restart()
  assert.equal(service.enrollRoot, enrollRoot, 'the root is in the database')
  const second = await leafOf(service)
  assert.notDeepEqual(second.raw, first.raw)
  assert.ok(!second.publicKey.equals(first.publicKey))
  assert.ok(second.verify(new X509Certificate(enrollRoot).publicKey))
  const other = await service.restartWith({ enrollNames: 'localhost,127.0.0.1' })
  assert.equal(other.enrollRoot, enrollRoot, 'other names need no other root')
  assert.equal((await leafOf(other)).subjectAltName, 'DNS:localhost, IP Address:127.0.0.1')
})

test('the certificate is renewed after two thirds of its life, and the root with the same key', async (t) => {
  const service = await startService(t)
  const root = new X509Certificate(service.enrollRoot)
  const first = await leafOf(service)
  service.clock.advance({ days: 59 })
  await service.reload()
  assert.equal((await leafOf(service)).serialNumber, first.serialNumber)
  service.clock.advance({ days: 1 })
  await service.reload()
  const renewed = await leafOf(service)
  assert.notEqual(renewed.serialNumber, first.serialNumber)
  assert.equal(new X509Certificate(service.enrollRoot).fingerprint256, root.fingerprint256)
  service.clock.advance({ days: 2400 })
  await service.reload()
  const later = new X509Certificate(service.enrollRoot)
  assert.notEqual(later.fingerprint256, root.fingerprint256)
  assert.equal(later.subject, root.subject)
  assert.ok(later.publicKey.equals(root.publicKey))
  assert.ok(
    (await leafOf(service)).verify(root.publicKey),
    'clients with the old root still verify',
  )
})

test('a stored root certificate for another key is replaced', async (t) => {
  const service = await startService(t)
  const { enrollRoot } = service
  const foreign = new X509Certificate(await readFile(files.cert)).raw.toString('hex')
  const isPostgres = service.config.database !== undefined
  const bytes = isPostgres ? `'\\x${foreign}'::bytea` : `x'${foreign}'`
  await service.inDatabase(`update settings set value = ${bytes} where name = 'tls root'`)
  await service.restart()
  const [old, replaced] = [enrollRoot, service.enrollRoot].map((pem) => new X509Certificate(pem))
  assert.notEqual(replaced?.fingerprint256, old?.fingerprint256)
  assert.equal(replaced?.subject, old?.subject)
  assert.equal((await enrollRequest(service, '/healthz')).status, 200)
})

test('rotations of the master key and restored backups keep the root', async (t) => {
  const service = await startService(t)
  const { enrollRoot } = service
  const data = ['--data', service.config.dataDirectory]
  for (const step of [[], ['--finish']]) {
    const { code, stdout, stderr } = await command(['master-key', 'rotate', ...step, ...data])
    assert.equal(code, 0, stderr)
    if ((JSON.parse(stdout) as { Finished: boolean }).Finished) break
  }
  await service.restart()
  assert.equal(service.enrollRoot, enrollRoot)
  const backups = new BackupFolder()
  await backups.backUp('one', data)
  const restored = backups.file('restored')
  await backups.restore('one', ['--data', restored])
  const second = await TestService.start({ enrollListen, data: restored })
  t.after(async () => {
    await second.close()
    backups[Symbol.dispose]()
  })
  assert.equal(second.enrollRoot, enrollRoot)
  assert.equal((await enrollRequest(second, '/healthz')).status, 200)
  const { stdout } = await command(['verify', ...data])
  assert.deepEqual((JSON.parse(stdout) as { Problems: string[] }).Problems, [])
})

test('requests for other hosts are refused, except for the health check', async (t) => {
  const enrollNames = 'ca.example.com,127.0.0.1,2001:db8::1'
  const service = await startService(t, { enrollNames })
  const statusOf = async (host: string, path = '/'): Promise<number> =>
    (await enrollRequest(service, path, { headers: { host } })).status
  for (const host of ['ca.example.com', 'CA.example.com:8443', '127.0.0.1', '[2001:db8:0::1]:443'])
    assert.equal(await statusOf(host), 200, host)
  for (const host of ['localhost', 'ca.example.com.', '127.0.0.2', '[::1]', 'x', '<script>'])
    assert.equal(await statusOf(host), 421, host)
  assert.equal(await statusOf('ca.example.com', 'https://other.example.com/'), 421)
  assert.equal(await statusOf('other.example.com', 'https://ca.example.com/'), 200)
  assert.equal(await statusOf('other.example.com', '/healthz'), 200)
  const refused = await enrollRequest(service, '/acme/web/directory', {
    headers: { host: 'other.example.com' },
  })
  assert.equal(refused.headers['content-type'], 'application/problem+json')
  assert.deepEqual(refused.json, {
    type: 'about:blank',
    title: 'Misdirected Request',
    status: 421,
    detail:
      'The host of the request is not a name of this listener. Use one of its names, or ask the administrator to add the host to --enroll-names.',
  })
})

test('the listener has a page for people, and a problem document for other URLs', async (t) => {
  const service = await startService(t, { basePath: '/pki' })
  const page = await enrollRequest(service, '/')
  assert.match(page.text, /ACME \(RFC 8555\) and EST/)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  for (const path of ['/acme', '/.well-known', '/pki/', '/metrics']) {
    const { status, headers, json } = await enrollRequest(service, path)
    assert.deepEqual([status, headers['content-type']], [404, 'application/problem+json'], path)
    assert.match(String(json?.['detail']), /^Nothing is served at this URL\./)
  }
})

test('with --tls-self, both listeners have one certificate and one root', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const root = await createRoot(service)
  const flags = { tlsSelf: root.arn, enrollListen, enrollNames: 'ca.example.com' }
  const own = await service.restartWith(flags)
  assert.equal(own.enrollRoot, `${root.certificate.trim()}\n`)
  const { peer } = await callOverTls(own, { ca: own.enrollRoot })
  const leaf = await leafOf(own)
  assert.equal(leaf.serialNumber, peer.serialNumber)
  assert.match(String(leaf.subjectAltName), /IP Address:127\.0\.0\.1,.*DNS:ca\.example\.com$/)
  own.clock.advance({ days: 5 })
  await own.reload()
  const renewed = await leafOf(own)
  assert.notEqual(renewed.serialNumber, leaf.serialNumber)
  const api = await callOverTls(own, { ca: own.enrollRoot, acceptsAnyCertificate: true })
  assert.equal(api.peer.serialNumber, renewed.serialNumber)
  const rows = await own.inDatabase("select name from keys where name = 'tls-root'")
  assert.deepEqual(rows, [], 'the server needs no root of its own')
})

test('with --tls-cert, the listener has the names of the certificate, and reloads it', async (t) => {
  const shown = { cert: join(folder, 'shown.pem'), key: join(folder, 'shown.key') }
  await copyFile(files.cert, shown.cert)
  await copyFile(files.key, shown.key)
  const service = await startService(t, {
    tlsCert: shown.cert,
    tlsKey: shown.key,
    tlsClientCa: files.cert,
    enrollListen: '0.0.0.0:0',
  })
  const { port, hostname } = new URL(service.enrollUrl)
  assert.equal(hostname, 'localhost')
  const trusted = { enrollUrl: service.enrollUrl, enrollRoot: await readFile(files.cert, 'utf8') }
  assert.equal(
    (await enrollRequest(trusted, '/')).status,
    200,
    'clients of this listener need no certificate',
  )
  const next = await makeCertificate(folder, 'next')
  await copyFile(next.cert, shown.cert)
  await copyFile(next.key, shown.key)
  await service.reload()
  assert.equal((await leafOf(trusted)).subject, 'CN=next')
  assert.equal(
    (
      await enrollRequest(trusted, '/', {
        rejectUnauthorized: false,
        headers: { host: `x:${port}` },
      })
    ).status,
    421,
  )
})

test('a certificate without names, or without a configured name, is reported', async (t) => {
  const bare = { cert: join(folder, 'bare.pem'), key: join(folder, 'bare.key') }
  const request = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 5 -subj /CN=bare'
  await run('openssl', [
    'req',
    '-x509',
    ...request.split(' '),
    '-out',
    bare.cert,
    '-keyout',
    bare.key,
  ])
  await assert.rejects(
    TestService.start({ enrollListen, tlsCert: bare.cert, tlsKey: bare.key }),
    /--enroll-names is required, because the certificate of --tls-cert has no host names/,
  )
  const lines: string[] = []
  const service = await TestService.start(
    {
      enrollListen,
      tlsCert: files.cert,
      tlsKey: files.key,
      enrollNames: 'localhost,other.test',
      logLevel: 'warn',
    },
    { logTo: { write: (line) => lines.push(line) } },
  )
  t.after(() => service.close())
  assert.match(
    lines.join(''),
    /"names":\["other\.test"\].*not valid for some names in --enroll-names/,
  )
  const flags = ['--tls-cert', files.cert, '--tls-key', files.key, '--enroll-listen', '[::]:8443']
  const data = ['--data', join(folder, 'none')]
  const checked = await command([
    'check-config',
    ...data,
    ...flags,
    '--enroll-names',
    'a.test,localhost',
  ])
  assert.equal(checked.code, 2)
  assert.match(checked.stderr, /--enroll-names: the certificate in .* is not valid for a\.test; /)
  assert.equal((await command(['check-config', ...data, ...flags])).code, 0)
})

test('a client certificate of any issuer does not disturb requests', async (t) => {
  const service = await startService(t)
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { status } = await enrollRequest(service, '/', { cert, key, maxVersion })
    assert.equal(status, 200)
  }
})

test('plain HTTP and unfinished handshakes on the port do not disturb other clients', async (t) => {
  const service = await startService(t)
  await assert.rejects(fetch(service.enrollUrl.replace('https', 'http')))
  const { port } = new URL(service.enrollUrl)
  const silent = connectPlain(Number(port), '127.0.0.1')
  silent.on('error', () => undefined)
  await once(silent, 'connect')
  silent.write(Buffer.from('160301', 'hex'))
  const { status } = await enrollRequest(service, '/')
  silent.destroy()
  assert.equal(status, 200)
})

test('the listener limits its connections, and metrics count them', async (t) => {
  const service = await startService(t, { maxConnections: '2' })
  const { port } = new URL(service.enrollUrl)
  const open = async () => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca: service.enrollRoot })
    t.after(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  await open()
  const second = await open()
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  assert.match(metrics, /^signet_open_connections\{listener="enroll"\} 2$/m)
  await assert.rejects(open())
  const closed = once(second, 'close')
  second.end()
  await closed
})

test('workers share the port and the root', async (t) => {
  const data = join(folder, 'workers')
  const server = await startServer(data, ['--workers', '3', '--enroll-listen', enrollListen])
  t.after(() => server.stop('SIGTERM'))
  const { enrollUrl } = server
  assert.match(enrollUrl, /^https:\/\/127\.0\.0\.1:\d+$/)
  const enrollRoot = await readFile(join(data, 'tls-root.pem'), 'utf8')
  const serials = new Set<string>()
  for (let count = 0; count < 12; count += 1) {
    const { status, peer } = await enrollRequest({ enrollUrl, enrollRoot }, '/')
    assert.equal(status, 200)
    serials.add(peer.serialNumber)
  }
  assert.equal(serials.size, 3, 'each worker has a certificate of its own')
  assert.equal(server.stderr(), '')
})

test('commands print the URLs of endpoints at the listener of the server, also through the API', async (t) => {
  const data = join(folder, 'urls')
  const flags = ['--enroll-listen', enrollListen, '--enroll-names', '*.pki.example,ca.example']
  const server = await startServer(data, flags)
  t.after(() => server.stop('SIGTERM'))
  const base = server.enrollUrl
  assert.match(base, /^https:\/\/ca\.example:\d+$/)
  const onData = async (words: string, ...more: string[]): Promise<string> => {
    const { code, stdout, stderr } = await onTerminal([
      ...words.split(' '),
      '--data',
      data,
      ...more,
    ])
    assert.equal(code, 0, stderr)
    return stdout
  }
  const json = async (words: string, ...more: string[]) =>
    JSON.parse(await onData(words, '--output', 'json', ...more)) as Record<string, string>
  await onData('init-hierarchy')
  const [acme, est] = [`${base}/acme/web/directory`, `${base}/.well-known/est/devices`]
  const ca = ['--ca', 'Example Issuing CA']
  const created = await onData('acme create web --eab required', ...ca)
  assert.match(created, new RegExp(`^ {2}directory URL +${acme}$`, 'm'))
  assert.match(await onData('est create devices', ...ca), new RegExp(`^ {2}URL +${est}$`, 'm'))
  assert.equal((await json('acme update web --validity 30d'))['DirectoryUrl'], acme)
  for (const api of [[], ['--endpoint', server.url]]) {
    assert.equal((await json('acme show web', ...api))['DirectoryUrl'], acme)
    assert.equal((await json('est show devices', ...api))['Url'], est)
  }
  const password = await onData('est password create devices --names d1.example')
  assert.match(password, new RegExp(`^URL +${est}$`, 'm'))
  const key = await onData('acme eab create web')
  assert.match(key, new RegExp(`^directory URL +${acme}$`, 'm'))
  // The command is on a line of its own, so that it can be copied.
  assert.match(key, new RegExp(`\\n\\ncertbot certonly --standalone --server ${acme} .* HOST\\n$`))
})

test('a port that is in use is reported with the flag', async (t) => {
  const service = await startService(t)
  const { host } = new URL(service.enrollUrl)
  await assert.rejects(
    TestService.start({ enrollListen: host }),
    /cannot listen on 127\.0\.0\.1:\d+: .*--enroll-listen \(ACME, EST\)/,
  )
})

test('a locked server with certificate files answers 503, and without them does not listen', async (t) => {
  const service = await startService(t)
  await service.stop()
  const port = await freePort()
  const certificate = { tlsCert: files.cert, tlsKey: files.key, enrollNames: 'localhost' }
  const enrollRoot = await readFile(files.cert, 'utf8')
  const enrollUrl = `https://localhost:${port}`
  for (const [flags, expected] of [
    [certificate, [503, 503]],
    [{}, ['ECONNREFUSED', 'ECONNREFUSED']],
  ] as const) {
    const config = readConfig(
      {
        data: service.config.dataDirectory,
        listen: '127.0.0.1:0',
        publicListen: '127.0.0.1:0',
        enrollListen: `127.0.0.1:${port}`,
        ...flags,
      },
      {},
    )
    const [printed, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const locked = waitForMasterKey(
      config,
      { clock: service.clock, random: service.random, log: createLog('silent') },
      { stopped: stopped.promise, print: () => printed.resolve() },
    )
    await Promise.race([printed.promise, locked])
    const statuses = ['/healthz', '/acme/web/directory'].map((path) =>
      enrollRequest({ enrollUrl, enrollRoot }, path).then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code,
      ),
    )
    assert.deepEqual(await Promise.all(statuses), expected)
    stopped.resolve()
    await locked
  }
  await service.restart()
})

test('bytes that are not a request receive a problem document', async (t) => {
  const service = await startService(t)
  const { port, hostname } = new URL(service.enrollUrl)
  const socket = connect({ host: hostname, port: Number(port), ca: service.enrollRoot })
  socket.end('GET / HTTP/9.9\r\n\r\n')
  const received = await readText(socket)
  assert.match(
    received,
    /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/,
  )
  assert.doesNotMatch(received, /x-amzn/)
})
