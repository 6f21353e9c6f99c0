/** Tests of client commands: their results, rejected input and exit codes. */
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { tool } from '../support/foreign-tools.ts'
import {
  command,
  signet as program,
  spawnCommand,
  startServer,
  type Outcome,
  type ServerProcess,
} from '../support/process.ts'

let folder: string
let server: ServerProcess
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-daily-'))
  server = await startServer(join(folder, 'data'))
})
after(async () => {
  await server.stop('SIGTERM')
  await rm(folder, { recursive: true })
})

const path = (name: string): string => join(folder, name)

/** Runs a client command against the server, with the administrator's credentials. */
function signet(...args: readonly string[]): Promise<Outcome> {
  return command([...args, '--endpoint', server.url, '--data', path('data')])
}

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await signet(...args)
  assert.equal(code, 0, stderr)
  return stdout
}

async function json<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await must(...args, '--output', 'json')) as T
}

async function refused(expected: number, ...args: readonly string[]): Promise<string> {
  const { code, stderr } = await signet(...args)
  assert.equal(code, expected, stderr)
  return stderr
}

const certificateIn = async (name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(path(`${name}/cert.pem`)))

interface Hierarchy {
  readonly Authorities: readonly { readonly Arn: string; readonly Created: boolean }[]
}

test('without a CA, signet issue refers to init-hierarchy', async () => {
  assert.match(
    await refused(2, 'issue', '--name', 'x.test', '--out', path('none')),
    /init-hierarchy/,
  )
  await assert.rejects(stat(path('none')))
})

test('init-hierarchy creates a hierarchy once, and refuses a different key algorithm for it', async () => {
  const first = await json<Hierarchy>('init-hierarchy', '--name', 'One', '--root-validity', '9y')
  const again = await json<Hierarchy>('init-hierarchy', '--name', 'One')
  const arns = ({ Authorities }: Hierarchy): string[] => Authorities.map(({ Arn }) => Arn)
  assert.deepEqual(arns(again), arns(first))
  assert.deepEqual(
    [...first.Authorities, ...again.Authorities].map(({ Created }) => Created),
    [true, true, false, false],
  )
  const other = await refused(1, 'init-hierarchy', '--name', 'One', '--key-algorithm', 'RSA_2048')
  assert.match(other, /the CA exists with the key algorithm EC_prime256v1, not RSA_2048/)
  const { stderr } = await signet('init-hierarchy', '--name', 'One', '--crl-bucket', 'crls')
  for (const arn of arns(first))
    assert.ok(stderr.includes(`signet ca revocation ${arn} --crl-bucket crls`), stderr)
  assert.match(
    await refused(1, 'init-hierarchy', '--name', 'Two', '--crl-bucket', 'nowhere'),
    /Permission error with your S3 bucket 'nowhere'\. .* with: signet bucket create nowhere\n/,
  )
  assert.match(
    await refused(2, 'init-hierarchy', '--root-validity', 'long'),
    /'long' is not a validity/,
  )
  assert.match(await refused(2, 'init-hierarchy', '--key-algorithm', 'RSA_1024'), /RSA_2048/)
})

test('init-hierarchy does not replace the root of another hierarchy, or a file that is not a certificate', async () => {
  const file = path('only-root.pem')
  await must('init-hierarchy', '--name', 'One', '--out', file)
  const root = await readFile(file, 'utf8')
  const other = await refused(2, 'init-hierarchy', '--name', 'Second', '--out', file)
  assert.match(
    other,
    /contains the certificate of One Root CA, not of Second Root CA; specify another file/,
  )
  assert.equal(await readFile(file, 'utf8'), root)
  assert.doesNotMatch(await must('ca', 'list'), /Second/)
  await must('init-hierarchy', '--name', 'One', '--out', file)
  await writeFile(file, 'notes')
  assert.match(
    await refused(2, 'init-hierarchy', '--name', 'One', '--out', file),
    /not a certificate/,
  )
  assert.equal(await readFile(file, 'utf8'), 'notes')
})

test('issue writes matching files, and a key that only the user can read', async () => {
  const names = 'a.example.com,b.example.com'
  await must('issue', '--name', names, '--ip', '192.0.2.1,2001:db8::1', '--out', path('tls'))
  const files = ['ca.pem', 'cert.pem', 'chain.pem', 'fullchain.pem', 'key.pem', 'metadata.json']
  assert.deepEqual((await readdir(path('tls'))).toSorted(), files)
  assert.equal((await stat(path('tls/key.pem'))).mode & 0o777, 0o600)
  assert.equal((await stat(path('tls/cert.pem'))).mode & 0o777, 0o644)
  const certificate = await certificateIn('tls')
  assert.equal(
    certificate.subjectAltName,
    'DNS:a.example.com, DNS:b.example.com, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1',
  )
  assert.ok(certificate.checkPrivateKey(createPrivateKey(await readFile(path('tls/key.pem')))))
  const issuer = new X509Certificate(await readFile(path('tls/chain.pem')))
  const root = new X509Certificate(await readFile(path('tls/ca.pem')))
  assert.ok(certificate.verify(issuer.publicKey) && issuer.verify(root.publicKey))
  assert.ok(root.verify(root.publicKey))
  const texts = await Promise.all(
    ['cert.pem', 'chain.pem', 'fullchain.pem'].map((name) => readFile(path(`tls/${name}`), 'utf8')),
  )
  assert.equal(texts[2], `${texts[0]}${texts[1]}`)
})

test('issue does not replace existing files without --force', async () => {
  const oldKey = await readFile(path('tls/key.pem'))
  const args = ['issue', '--name', 'c.example.com', '--out', path('tls')]
  assert.match(await refused(2, ...args), /key\.pem exists/)
  assert.deepEqual(await readFile(path('tls/key.pem')), oldKey)
  await must(...args, '--force', '--key-algorithm', 'RSA_2048')
  assert.notDeepEqual(await readFile(path('tls/key.pem')), oldKey)
  assert.equal((await certificateIn('tls')).subjectAltName, 'DNS:c.example.com')
})

test('issue refuses invalid arguments and writes no files', async () => {
  const out = ['--out', path('never')]
  for (const [args, message] of [
    [[], /specify at least one --name/],
    [['--ip', 'host'], /'host' is not an IP address/],
    [['--name', 'a,,b'], /--name must not be empty/],
    [['--name', 'https://host.test/'], /'https:\/\/host.test\/' is a URL; use --name host.test\n/],
    [['--name', 'a,http://192.0.2.1:80/x'], /is a URL; use --ip 192\.0\.2\.1\n/],
    [['--name', 'host.test:8443'], /it has a port; use --name host.test\n/],
    [['--name', `${'a'.repeat(64)}.test`], /a label of 64 bytes; the maximum is 63/],
    [['--name', 'two words'], /'two words' is not a DNS name/],
    [['--name', 'x', '--csr', 'y'], /--csr cannot be combined with --name/],
    [['--csr', path('missing')], /--csr: cannot read \S+missing: no such file or folder/],
    [['--csr', path('tls/cert.pem')], /must contain one CSR/],
    [['--name', 'x', '--validity', '30'], /not a validity/],
    [['--name', 'x', '--ca', 'No Such CA'], /no ACTIVE CA 'No Such CA'/],
    [['--name', 'x', '--key-algorithm', 'DSA'], /Allowed choices/],
  ] as const)
    assert.match(await refused(2, 'issue', ...args, ...out), message)
  assert.match(
    await refused(1, 'issue', '--name', 'x', '--template', 'NoSuchTemplate', ...out),
    /ValidationException|InvalidArgsException|TemplateArn/,
  )
  await assert.rejects(stat(path('never')))
})

test('a CSR with a common name and no subject alternative name is issued with a note', async () => {
  const csr = (name: string): string =>
    join(import.meta.dirname, '..', '..', 'testdata', 'csr', `${name}.pem`)
  const issue = (name: string): Promise<Outcome> =>
    signet('issue', '--csr', csr(name), '--out', path(name), '--output', 'json')
  const withoutSan = await issue('ec-no-san')
  assert.equal(withoutSan.code, 0, withoutSan.stderr)
  assert.match(
    withoutSan.stderr,
    /^signet: note: \S+ec-no-san\.pem: the CSR has a common name and no subject alternative name: /,
  )
  assert.deepEqual((JSON.parse(withoutSan.stdout) as { Names: unknown }).Names, [])
  const withSan = await issue('ec-server')
  assert.deepEqual([withSan.code, withSan.stderr], [0, ''])
})

test('issue with a root CA writes an empty chain, and with two issuing CAs requires --ca', async () => {
  await must('issue', '--name', 'r.test', '--ca', 'One Root CA', '--out', path('below-root'))
  assert.equal(await readFile(path('below-root/chain.pem'), 'utf8'), '')
  const root = new X509Certificate(await readFile(path('below-root/ca.pem')))
  assert.ok((await certificateIn('below-root')).verify(root.publicKey))
  await must('init-hierarchy', '--name', 'Three')
  const ambiguous = await refused(2, 'issue', '--name', 'x.test', '--out', path('several'))
  assert.match(
    ambiguous,
    /2 ACTIVE subordinate CAs exist; choose one with --ca, or set SIGNET_CA:[^]*One Issuing CA \(arn:[^]*Three Issuing CA \(arn:/,
  )
})

interface Renewed {
  readonly Renewals: readonly { readonly Folder: string; readonly Result: string }[]
}

test('renew creates a new key and certificate for the same names, only when they are due', async () => {
  const old = await certificateIn('tls')
  const early = await json<Renewed>('renew', path('tls'), '--if-expiring-within', '7d')
  assert.equal(early.Renewals[0]?.Result, 'not due')
  assert.equal((await certificateIn('tls')).serialNumber, old.serialNumber)
  const due = await json<Renewed>('renew', path('tls'), '--if-expiring-within', '5w')
  assert.equal(due.Renewals[0]?.Result, 'renewed')
  const renewed = await certificateIn('tls')
  assert.notEqual(renewed.serialNumber, old.serialNumber)
  assert.equal(renewed.subjectAltName, old.subjectAltName)
  assert.equal(renewed.publicKey.asymmetricKeyType, 'rsa')
  assert.notDeepEqual(
    renewed.publicKey.export({ format: 'jwk' }),
    old.publicKey.export({ format: 'jwk' }),
  )
  assert.ok(renewed.checkPrivateKey(createPrivateKey(await readFile(path('tls/key.pem')))))
  assert.ok(!(await readdir(path('tls'))).some((name) => name.endsWith('.new')))
})

test('an interrupted renewal is repeated, even if it is not due', async () => {
  await writeFile(path('tls/key.pem'), await readFile(path('below-root/key.pem')))
  const { Renewals } = await json<Renewed>('renew', path('tls'), '--if-expiring-within', '1h')
  assert.equal(Renewals[0]?.Result, 'renewed')
  const key = createPrivateKey(await readFile(path('tls/key.pem')))
  assert.ok((await certificateIn('tls')).checkPrivateKey(key))
})

test('a hook receives its arguments and the folder, without a shell', async () => {
  await writeFile(
    path('hook.mjs'),
    [
      "import { writeFileSync } from 'node:fs'",
      'writeFileSync(process.argv[2], JSON.stringify([process.argv.slice(3), process.env.RENEWED_DIRECTORY]))',
    ].join('\n'),
  )
  const hook = `${process.execPath} ${path('hook.mjs')} ${path('hook.json')} $(touch) ;x && "y`
  await must('renew', path('tls'), '--hook', hook)
  assert.deepEqual(JSON.parse(await readFile(path('hook.json'), 'utf8')), [
    ['$(touch)', ';x', '&&', '"y'],
    path('tls'),
  ])
  const failed = await signet('renew', path('tls'), '--hook', '/bin/false')
  assert.equal(failed.code, 1)
  assert.match(failed.stdout, /the certificate was renewed, but the hook failed/)
  const missing = await signet('renew', path('tls'), '--hook', path('no-hook'))
  assert.match(missing.stdout, /hook failed: cannot run .*no-hook: no such program; specify/)
})

test('a folder that cannot be renewed does not prevent the renewal of the others', async () => {
  await mkdir(path('empty'))
  const { code, stdout, stderr } = await signet(
    'renew',
    path('empty'),
    path('tls'),
    '--output',
    'json',
  )
  assert.equal(code, 1)
  assert.match(stderr, /1 of 2 could not be renewed/)
  const { Renewals } = JSON.parse(stdout) as Renewed
  assert.deepEqual(
    Renewals.map(({ Result }) => Result),
    ['failed', 'renewed'],
  )
  await writeFile(path('empty/metadata.json'), '{"version":1,"names":"x"}')
  assert.match(
    (await signet('renew', path('empty'))).stdout,
    /lacks members that a renewal requires/,
  )
})

test('renew requires --validity for a certificate that was issued with an expiry date', async () => {
  const date = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10)
  const args = ['--ca', 'One Issuing CA', '--validity', date]
  await must('issue', '--name', 'd.test', ...args, '--out', path('dated'))
  assert.equal((await certificateIn('dated')).validToDate.toISOString(), `${date}T00:00:00.000Z`)
  assert.match(
    (await signet('renew', path('dated'))).stdout,
    /specify the validity of the new certificate with --validity/,
  )
  await must('renew', path('dated'), '--validity', '12h')
  const hours = ((await certificateIn('dated')).validToDate.getTime() - Date.now()) / 3_600_000
  assert.ok(hours > 11.9 && hours <= 12, String(hours))
})

test('inspect shows the chain of a TLS server, and reports sources that cannot be read', async () => {
  const tls = createTlsServer({
    key: await readFile(path('tls/key.pem')),
    cert: await readFile(path('tls/fullchain.pem')),
  }).listen(0, '127.0.0.1')
  const web = createServer((request, response) => {
    if (request.url === '/large') {
      response.writeHead(200)
      // Node.js 26 passes an error to each write's callback after the client has disconnected.
      const writeMore = (error?: Error | null): void => {
        if (!error) response.write(Buffer.alloc(8 * 1024 * 1024), writeMore)
      }
      writeMore()
    } else
      response.writeHead(request.url === '/missing' ? 404 : 200).end('neither of the two formats')
  }).listen(0, '127.0.0.1')
  await Promise.all([tls, web].map((listener) => once(listener, 'listening')))
  try {
    const { port } = tls.address() as AddressInfo
    for (const args of [[`tls://localhost:${port}`], [`https://localhost:${port}`, '--tls']]) {
      const { code, stdout, stderr } = await command(['inspect', ...args])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^1\. Certificate\n +subject +CN=c\.example\.com\n/)
      assert.match(stdout, /\n2\. CA certificate\n +subject +O=One, CN=One Issuing CA\n/)
      assert.match(stdout, /Chain\n +1 by 2 +signed\n/)
    }
    const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    for (const [source, message] of [
      [origin, /neither PEM nor DER/],
      [`${origin}/missing`, /status 404/],
      [`${origin}/large`, /larger than 64 MiB/],
      [`tls://localhost:${(web.address() as AddressInfo).port}`, /presents no certificate/],
      ['http://127.0.0.1:2/', /cannot read .*ECONNREFUSED/],
      [path('tls/key.pem'), /private key/],
      [path('tls/none'), /no such file or folder/],
      [path('tls'), /tls: it is a folder; specify a file, such as .*\/fullchain\.pem/],
    ] as const) {
      const { code, stderr } = await command(['inspect', source])
      assert.equal(code, 1, source)
      assert.match(stderr, message)
      assert.ok(!stderr.includes('    at '), stderr)
    }
  } finally {
    tls.close()
    web.closeAllConnections()
    web.close()
  }
})

test('inspect fetches a CRL from its URL, and status shows the age of the CRL', async () => {
  const bucket = ['bucket', 'create', 'crls', '--data', path('data')]
  assert.equal((await command(bucket)).code, 0)
  await must('init-hierarchy', '--name', 'Four', '--crl-bucket', 'crls', '--ocsp')
  await must('issue', '--name', 'x.test', '--ca', 'Four Issuing CA', '--out', path('four'))
  const description = (await command(['inspect', path('four/cert.pem')])).stdout
  assert.match(description, /authorityInfoAccess +.*ocsp URI:http/)
  const url = /crlDistributionPoints +URI:(\S+)/.exec(description)?.[1] ?? ''
  let found: Outcome
  do found = await command(['inspect', url, '--output', 'json'])
  while (found.stderr.includes('status 404'))
  const { Objects } = JSON.parse(found.stdout) as { Objects: Record<string, unknown>[] }
  assert.equal(Objects[0]?.['Kind'], 'crl')
  assert.equal(Objects[0]['Issuer'], 'O=Four, CN=Four Issuing CA')
  assert.equal(Objects[0]['Revoked'], 0)
  const status = await must('status')
  assert.match(status, /Four Issuing CA .* \ds old /)
})

test('status warns of a CA that expires soon, and --check exits with 1', async () => {
  assert.equal((await signet('status', '--check')).code, 0)
  await must('init-hierarchy', '--name', 'Short', '--issuing-validity', '60d')
  const plain = await signet('status')
  assert.equal(plain.code, 0)
  assert.match(plain.stdout, /! Short Issuing CA expires in (59|60) days/)
  const checked = await signet('status', '--check', '--output', 'json')
  assert.equal(checked.code, 1)
  const { Server, Warnings } = JSON.parse(checked.stdout) as {
    Server: Record<string, unknown>
    Warnings: string[]
  }
  assert.equal(Warnings.length, 1)
  assert.equal(Server['Health'], 'ok')
  assert.equal(Server['Account'], '123456789012')
  assert.match(String(Server['Version']), /^\d+\.\d+\.\d+$/)
})

test('an endpoint that does not serve the API is reported with the reason', async () => {
  const unreachable = ['--endpoint', 'http://127.0.0.1:1', '--data', path('data')]
  for (const args of [['issue', '--name', 'x', '--out', path('x')], ['init-hierarchy']]) {
    const { code, stderr } = await command([...args, ...unreachable])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^signet: cannot connect to http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\): start the server/,
    )
  }
  const status = await command(['status', ...unreachable])
  assert.equal(status.code, 1)
  assert.match(status.stdout, /health +not reachable/)
  const publicListener = ['--endpoint', server.publicUrl, '--data', path('data')]
  const other = await command(['init-hierarchy', ...publicListener])
  assert.equal(other.code, 1)
  assert.match(
    other.stderr,
    /does not serve the AWS Private CA API; it may be the URL of the server's public listener/,
  )
  const wrong = await command(['issue', '--name', 'x', '--out', 'x', '--endpoint', 'localhost'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--endpoint must be an http or https URL/)
})

test('credentials come from the AWS variables or the data folder, and missing credentials are reported', async () => {
  const text = await readFile(path('data/credentials'), 'utf8')
  const [id = '', secret = ''] = [...text.matchAll(/= (\S+)/g)].map(([, value]) => value)
  const variables = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }
  const issue = ['issue', '--name', 'e.test', '--ca', 'One Issuing CA', '--endpoint', server.url]
  const environment = { ...variables, SIGNET_ENDPOINT: 'http://127.0.0.1:1' }
  const valid = await command([...issue, '--out', path('from-variables')], environment)
  assert.equal(valid.code, 0, valid.stderr)
  const wrongSecret = { ...variables, AWS_SECRET_ACCESS_KEY: 'x' }
  const wrong = await command([...issue, '--out', path('wrong')], wrongSecret)
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /InvalidSignatureException|signature/i)
  const missing = await command([...issue, '--out', path('no'), '--data', path('nowhere')])
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /cannot read .*credentials: no such file or folder; check --data/)
  const none = await spawnCommand([...issue, '--out', path('no')], {
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
  })
  assert.equal(none.code, 2)
  assert.match(none.stderr, /no credentials found/)
})

test('a user with the documented policy issues by the ARN of a CA, and the name of the CA causes an error that asks for the ARN', async () => {
  const page = await readFile(
    join(import.meta.dirname, '../../docs/tasks/access-keys-users-and-roles.md'),
    'utf8',
  )
  await writeFile(path('policy.json'), /```json\n([^`]+)```/.exec(page)?.[1] ?? '')
  const create = ['access-key', 'create', '--user', 'narrow', '--policy', path('policy.json')]
  const created = await command([...create, '--data', path('data'), '--output', 'json'])
  const { AccessKeyId, SecretAccessKey } = JSON.parse(created.stdout) as Record<string, string>
  const variables = {
    AWS_ACCESS_KEY_ID: AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: SecretAccessKey ?? '',
  }
  const issueBy = (...ca: readonly string[]): Promise<Outcome> => {
    const args = ['issue', '--name', 'n.test', '--out', path('narrow'), ...ca, '--aws-credentials']
    return command([...args, '--endpoint', server.url], variables)
  }
  for (const reference of [[], ['--ca', 'One Issuing CA']]) {
    const { code, stderr } = await issueBy(...reference)
    assert.equal(code, 2)
    assert.match(stderr, /acm-pca:ListCertificateAuthorities, only an ARN can select the CA/)
  }
  const { Authorities } = await json<Hierarchy>('init-hierarchy', '--name', 'One')
  const issued = await issueBy('--ca', Authorities[1]?.Arn ?? '')
  assert.equal(issued.code, 0, issued.stderr)
  assert.match(issued.stdout, /issuer +One Issuing CA/)
})

test('commands trust a server with --tls-self through the root in its data folder', async () => {
  const { Authorities } = await json<Hierarchy>(
    'init-hierarchy',
    '--name',
    'One',
    '--region',
    'eu-central-1',
  )
  await server.stop('SIGTERM')
  server = await startServer(path('data'), ['--tls-self', Authorities[1]?.Arn ?? ''])
  assert.match(server.url, /^https:/)
  assert.match(await must('status'), /health +ok/)
  await must('renew', path('tls'))
  const text = await readFile(path('data/credentials'), 'utf8')
  const [id = '', secret = ''] = [...text.matchAll(/= (\S+)/g)].map(([, value]) => value)
  const variables = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }
  const args = ['status', '--endpoint', server.url]
  const trusted = await command([...args, '--ca-file', path('below-root/ca.pem')], variables)
  assert.equal(trusted.code, 0, trusted.stderr)
  // A separate process is needed, because commands in the same process share fetch's open connections.
  const untrusted = await spawnCommand(args, variables)
  assert.equal(untrusted.code, 1)
  assert.match(untrusted.stdout, /not reachable/)
})

test('if the account has several issuing CAs, init-hierarchy suggests a command that selects its CA', async (t) => {
  if ((await tool(t, 'script')) === undefined) return
  const flags = `--name Several --endpoint ${server.url} --data ${path('data')}`
  const line = `'${process.execPath}' '${program}' init-hierarchy ${flags}`
  const env = { PATH: process.env['PATH'], NO_COLOR: '1' }
  const { stdout } = await promisify(execFile)('script', ['-qefc', line, '/dev/null'], { env })
  const [, issuing = 'none'] = stdout.match(/arn:\S+/g) ?? []
  assert.match(stdout, new RegExp(`signet issue --name localhost --ca ${issuing} --out tls\\s`))
})
