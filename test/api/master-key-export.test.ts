/** Tests of `signet master-key export` while a server is running, and of keys read from standard input. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { userInfo } from 'node:os'
import { decrypt } from '../../src/backup/encryption.ts'
import { readIdentities } from '../../src/backup/key-files.ts'
import { TestFolder } from '../support/database.ts'
import { command, startServer, type Outcome, type ServerProcess } from '../support/process.ts'

let folder: TestFolder
let server: ServerProcess
const keys = generateKeyPairSync('x25519', {
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
})
before(async () => {
  folder = new TestFolder()
  server = await startServer(folder.file('data'), ['--workers', '2', '--log-level', 'warn'])
  writeFileSync(folder.file('recipient.pem'), keys.publicKey)
})
after(async () => {
  await server.stop('SIGTERM')
  folder[Symbol.dispose]()
})

const keyFile = (): string => folder.file('data/master.key')
const socket = (): string => folder.file('data/control.sock')

async function exportTo(name: string, recipient = 'recipient.pem'): Promise<Outcome> {
  return command([
    'master-key',
    'export',
    folder.file(name),
    '--data',
    folder.file('data'),
    '--recipient',
    folder.file(recipient),
  ])
}

async function decrypted(name: string): Promise<string> {
  const identities = await readIdentities(keys.privateKey)
  const chunks: Uint8Array[] = []
  const source = new Blob([readFileSync(folder.file(name))]).stream()
  for await (const chunk of decrypt({ kind: 'identities', identities }, source)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('a running server whose file was lost writes its master key again, encrypted', async () => {
  const text = readFileSync(keyFile(), 'utf8')
  renameSync(keyFile(), folder.file('lost.key'))
  const { code, stdout, stderr } = await exportTo('key.age')
  assert.equal(code, 0, stderr)
  assert.equal(statSync(folder.file('key.age')).mode & 0o777, 0o600)
  assert.equal(await decrypted('key.age'), text)
  for (const output of [stdout, server.stdout(), server.stderr()])
    assert.ok(!output.includes(text.slice(20, 84)), 'the key was printed')
  assert.match(server.stderr(), /a local command exported the master key/)
  renameSync(folder.file('lost.key'), keyFile())
  const { stdout: shown } = await command([
    'log',
    'show',
    '--kind',
    'event',
    '--data',
    folder.file('data'),
  ])
  const [leaf] = JSON.parse(shown) as Record<string, string>[]
  const { event, recipients } = JSON.parse(leaf?.['Detail'] ?? '') as Record<string, unknown>
  assert.deepEqual(
    [event, recipients, leaf?.['User'], leaf?.['Command']],
    ['master-key-export', 1, userInfo().username, 'signet master-key export'],
  )
  const digest = createHash('sha256')
    .update(readFileSync(folder.file('key.age')))
    .digest('hex')
  assert.equal(leaf?.['Sha256'], digest)
})

test('an export refuses an existing file and a private key, and needs a running server', async () => {
  writeFileSync(folder.file('existing.age'), '')
  assert.match((await exportTo('existing.age')).stderr, /already exists/)
  writeFileSync(folder.file('private.pem'), keys.privateKey)
  assert.match((await exportTo('other.age', 'private.pem')).stderr, /must be a public key/)
  const outcome = await command([
    'master-key',
    'export',
    folder.file('none.age'),
    '--data',
    folder.path,
    '--recipient',
    folder.file('recipient.pem'),
  ])
  assert.equal(outcome.code, 2)
  assert.match(outcome.stderr, /no server is running on this data folder/)
})

test('only the owner of the data folder can open the socket', () => {
  assert.equal(statSync(socket()).mode & 0o777, 0o600)
  assert.equal(statSync(folder.file('data')).mode & 0o777, 0o700)
})

test('a malformed, an unknown or an unfinished request does not end the server', async () => {
  const replyTo = async (bytes: string): Promise<string> => {
    const client = connect({ path: socket(), allowHalfOpen: true })
    client.on('error', () => {})
    client.end(bytes)
    let reply = ''
    client.on('data', (chunk) => (reply += String(chunk)))
    await new Promise<void>((resolve) => client.once('close', () => resolve()))
    return reply
  }
  assert.equal(await replyTo('no JSON\n'), '')
  assert.equal(await replyTo('{"command":'), '')
  assert.equal(await replyTo(`"${'x'.repeat(2 ** 21)}"\n`), '')
  for (const request of ['{"command":"none"}', 'null', '1', '{"command":"export-master-key"}'])
    assert.match(await replyTo(`${request}\n`), /^(\{"ok":false,"problem":"[^"]+"\}\n)?$/)
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
})

test('a server that was killed leaves a socket that the next server replaces', async () => {
  await server.stop('SIGKILL')
  assert.ok(statSync(socket()).isSocket())
  server = await startServer(folder.file('data'))
  chmodSync(keyFile(), 0o600)
  assert.equal((await exportTo('after.age')).code, 0)
})
