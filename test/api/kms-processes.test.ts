/** Tests of server and command processes with CA keys in KMS, and with the master key encrypted by KMS. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { BackupFolder } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { freePort } from '../support/free-port.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { KmsServer, kmsCredentials, kmsEnvironment } from '../support/kms-server.ts'
import { command, spawnCommand, startServer, type ServerProcess } from '../support/process.ts'
import { clientOf, healthOf } from '../support/process-client.ts'
import { eventually } from '../support/revocation.ts'
import { request } from '../support/waiting.ts'

let kms: KmsServer
let folder: string
let arn: string
const started: ServerProcess[] = []
const path = (name: string): string => join(folder, name)
const environment = { ...kmsEnvironment }

before(async () => {
  kms = await KmsServer.start()
  arn = kms.operations.createSymmetricKey().arn
  folder = await mkdtemp(join(tmpdir(), 'signet-kms-process-'))
})
beforeEach(() => {
  kms.fault = () => undefined
})
after(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await kms[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const endpoint = (): string[] => ['--kms-endpoint', kms.endpoint]
const caKeys = (): string[] => ['--ca-keys', 'kms', '--kms-region', kms.region]
const masterKey = (): string[] => ['--master-key-kms', arn]

async function serve(name: string, flags: readonly string[]): Promise<ServerProcess> {
  const server = await startServer(path(name), [...flags, ...endpoint()], environment)
  started.push(server)
  return server
}

test('a server whose master key is in KMS starts and restarts, and commands can open its data folder', async () => {
  const first = await serve('envelope', masterKey())
  const client = clientOf(first, path('envelope'))
  const root = await createRoot(client)
  assert.deepEqual(await healthOf(first), [200, 200])
  assert.equal(await first.stop('SIGTERM'), 0)
  const file = path('envelope/master.key')
  assert.match(readFileSync(file, 'utf8'), /^signet-master-key-kms-1:/)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  // The key file states which KMS key decrypts the master key.
  const second = await serve('envelope', [])
  await issue(clientOf(second, path('envelope')), { arn: root.arn, csr: csr('ec-server') })
  const list = ['account', 'list', '--data', path('envelope'), ...endpoint()]
  const { code, stdout, stderr } = await command(list, environment)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /123456789012/)
  const without = await command(list, { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong-one' })
  assert.equal(without.code, 2)
  assert.match(without.stderr, /InvalidSignatureException.*check the credentials/)
  await second.stop('SIGTERM')
})

test('a server does not start while KMS is unavailable, says why, and starts afterwards', async () => {
  const server = await serve('outage', masterKey())
  await server.stop('SIGTERM')
  await kms.stop()
  const serveArgs = ['serve', '--data', path('outage'), '--listen', '127.0.0.1:0']
  const refused = await spawnCommand(
    [...serveArgs, '--public-listen', '127.0.0.1:0', ...endpoint()],
    environment,
  )
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--master-key-kms: .*ECONNREFUSED.*starts when KMS can be reached/)
  assert.doesNotMatch(refused.stderr, new RegExp(kmsCredentials.secretAccessKey))
  await kms.resume()
  const again = await serve('outage', masterKey())
  await again.stop('SIGTERM')
})

test('workers use CA keys and the master key in KMS, through an outage', async () => {
  const data = path('workers')
  const server = await serve('workers', ['--workers', '2', ...caKeys(), ...masterKey()])
  const client = clientOf(server, data)
  const root = await createRoot(client)
  await issue(client, { arn: root.arn, csr: csr('ec-server') })
  const shown = await command(['status', '--endpoint', server.url, '--data', data])
  assert.match(shown.stdout, /keys +1 in AWS KMS\n/)
  await kms.stop()
  const waiting = await Promise.all(Array.from({ length: 4 }, () => request(client, root.arn)))
  for (const arns of waiting) {
    const { json, text } = await client.call('GetCertificate', arns)
    assert.equal(json['__type'], 'RequestInProgressException')
    assert.doesNotMatch(text, /kms|arn:/i)
  }
  assert.match(server.stderr(), /ECONNREFUSED/)
  await kms.resume()
  for (const arns of waiting)
    await eventually(
      async () => ((await client.call('GetCertificate', arns)).status === 200 ? true : undefined),
      'a certificate',
    )
  await issue(client, { arn: root.arn, csr: csr('ec-server') })
  assert.equal(await server.stop('SIGTERM'), 0)
  const verified = await command(['verify', '--data', data, ...endpoint()], environment)
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
})

for (const workers of ['1', '2'])
  test(`a server with ${workers} process(es) stops although KMS does not respond`, async () => {
    const data = path(`stops-${workers}`)
    const server = await serve(`stops-${workers}`, ['--workers', workers, ...caKeys()])
    const client = clientOf(server, data)
    const root = await createRoot(client)
    const { promise: until, resolve } = Promise.withResolvers<void>()
    const { promise: received, resolve: receive } = Promise.withResolvers<void>()
    kms.fault = () => {
      receive()
      return { until }
    }
    const answer = client.call('IssueCertificate', issueInput(root.arn, csr('ec-server')))
    await received
    const stopped = server.stop('SIGTERM')
    // The certificate waits for KMS.
    assert.equal((await answer).status, 200)
    assert.equal(await stopped, 0)
    resolve()
    // If the deadline had been reached, the message would be different.
    assert.match(server.stderr(), /cannot be used: the server is stopping/)
  })

test('a restore encrypts the master key of the backup with KMS', async () => {
  const plain = await serve('plain', [])
  const root = await createRoot(clientOf(plain, path('plain')))
  await plain.stop('SIGTERM')
  using backups = new BackupFolder()
  await backups.backUp('one', ['--data', path('plain')])
  const identity = ['--identity', backups.file('identity.txt')]
  const restore = ['restore', backups.file('one'), '--data', path('restored'), ...identity]
  const place = [...masterKey(), ...endpoint()]
  kms.fault = () => 'deny'
  const denied = await command([...restore, ...place], environment)
  assert.equal(denied.code, 2)
  assert.match(denied.stderr, /cannot be encrypted: AccessDenied/)
  assert.ok(!existsSync(path('restored/master.key')))
  kms.fault = () => undefined
  const restored = await command([...restore, ...place], environment)
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(readFileSync(path('restored/master.key'), 'utf8'), /^signet-master-key-kms-1:/)
  const server = await serve('restored', masterKey())
  await issue(clientOf(server, path('restored')), { arn: root.arn, csr: csr('ec-server') })
  await server.stop('SIGTERM')
})

test('check-config reports an unreachable KMS, denied access and unsuitable keys', async () => {
  const check = (flags: readonly string[]) =>
    command(['check-config', '--data', path('new'), ...flags], environment)
  const all = (): string[] => [...caKeys(), ...masterKey(), ...endpoint()]
  const good = await check(all())
  assert.equal(good.code, 0, good.stderr)
  kms.fault = () => 'deny'
  const denied = await check(all())
  assert.equal(denied.code, 2)
  assert.match(denied.stderr, /--ca-keys: .*AccessDenied.* its IAM policy/)
  assert.match(denied.stderr, /--master-key-kms: .*AccessDenied.* its IAM policy/)
  kms.fault = () => undefined
  const away = ['--kms-endpoint', `http://127.0.0.1:${await freePort()}`]
  const unreachable = await check([...caKeys(), ...masterKey(), ...away])
  assert.match(unreachable.stderr, /--ca-keys: .*ECONNREFUSED/)
  assert.match(unreachable.stderr, /--master-key-kms: .*ECONNREFUSED/)
  const signing = kms.operations.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
  const wrong = await check(['--master-key-kms', signing.arn, ...endpoint()])
  assert.match(wrong.stderr, /has the key spec RSA_2048; it must be a symmetric key/)
  const disabled = kms.operations.createSymmetricKey()
  disabled.state = 'Disabled'
  const off = await check(['--master-key-kms', disabled.arn, ...endpoint()])
  assert.match(off.stderr, /is in the state Disabled; it must be enabled/)
  const unknown = await check(['--master-key-kms', arn.replace(/.$/, 'g')])
  assert.match(unknown.stderr, /--master-key-kms must be the ARN of a KMS key/)
  const open = await check(['--kms-endpoint', 'http://kms.example.com'])
  assert.match(open.stderr, /--kms-endpoint must be an https URL, or an http URL for this machine/)
  const incomplete = await check(['--ca-keys', 'kms'])
  assert.match(incomplete.stderr, /--ca-keys kms requires --kms-region/)
  const existing = await command(
    ['check-config', '--data', path('envelope'), ...endpoint()],
    environment,
  )
  assert.equal(existing.code, 0, existing.stderr)
})
