import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { makeRequest } from '../../client/key-pair.ts'
import { craft, named, type Crafted } from '../../test/support/crafted-certificates.ts'
import { outcome, tool } from '../../test/support/foreign-tools.ts'
import { TestRandom } from '../../test/support/test-random.ts'
import { requireDerTree } from './der/tree.ts'
import { parsePem } from './pem.ts'
import { deriveMacKey, encodePkcs12, isPkcs12Password, pkcs12PasswordProblem } from './pkcs12.ts'

const password = 'correct horse & "battery"'
const root = craft({ subject: named('PKCS12 Root') })
const leaf = craft({ subject: named('leaf.test') }, root)

let folder: string
let file: string
let passwordFile: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-pkcs12-'))
  file = join(folder, 'leaf.p12')
  passwordFile = join(folder, 'password')
  await writeFile(file, await pkcs12Of(leaf, [root]))
  await writeFile(passwordFile, password)
})
after(() => rm(folder, { recursive: true }))

function pkcs12Of(
  key: Crafted,
  chain: readonly Crafted[],
  iterations?: number,
): Promise<Uint8Array> {
  return encodePkcs12(
    {
      privateKey: key.keys.privateKey.export({ type: 'pkcs8', format: 'der' }),
      certificates: [key, ...chain].map(({ certificate }) => certificate.der),
      friendlyName: 'leaf.test — käse',
    },
    {
      password,
      random: new TestRandom(),
      ...(iterations !== undefined && { iterations }),
    },
  )
}

async function runTool(t: TestContext, name: string, args: readonly string[]): Promise<string> {
  const found = await tool(t, name)
  if (found === undefined) return ''
  const { ok, text } = await outcome(found, args)
  assert.ok(ok, text)
  return text
}

test('OpenSSL reads the key and the chain, and refuses another password', async (t) => {
  const out = join(folder, 'openssl.pem')
  const args = ['pkcs12', '-in', file, '-nodes', '-out', out, '-passin']
  await runTool(t, 'openssl', [...args, `file:${passwordFile}`])
  const blocks = parsePem(await readFile(out, 'utf8'))
  const found = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der)
  assert.deepEqual(
    found.map((der) => Buffer.from(der).toString('hex')),
    [leaf, root].map(({ certificate }) => Buffer.from(certificate.der).toString('hex')),
  )
  const key = blocks.find(({ label }) => label === 'PRIVATE KEY')
  assert.deepEqual(
    Buffer.from(key?.der ?? ''),
    leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }),
  )
  const wrong = await outcome('openssl', [...args, 'pass:another password'])
  assert.ok(!wrong.ok)
  assert.match(wrong.text, /invalid password/)
  const info = await runTool(t, 'openssl', [
    'pkcs12',
    '-in',
    file,
    '-info',
    '-noout',
    '-passin',
    `file:${passwordFile}`,
  ])
  assert.match(info, /MAC: sha256, Iteration 100000/)
  assert.match(info, /PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/)
})

test("Java's keytool lists one private key entry with its chain", async (t) => {
  const text = await runTool(t, 'keytool', [
    '-list',
    '-v',
    '-storetype',
    'PKCS12',
    '-keystore',
    file,
    '-storepass:file',
    passwordFile,
  ])
  if (text === '') return
  assert.match(text, /PrivateKeyEntry/)
  assert.match(text, /chain length: 2/)
})

test('GnuTLS reads the key and the chain', async (t) => {
  const text = await runTool(t, 'certtool', [
    '--p12-info',
    '--inder',
    '--infile',
    file,
    '--password',
    password,
  ])
  if (text === '') return
  assert.match(text, /BEGIN ENCRYPTED PRIVATE KEY|BEGIN PRIVATE KEY/)
  assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2)
})

test('NSS imports the key and the chain', async (t) => {
  const database = join(folder, 'nss')
  const empty = join(folder, 'empty')
  await Promise.all([writeFile(empty, ''), mkdir(database)])
  if ((await tool(t, 'certutil', { probe: ['--version'] })) === undefined) return
  await runTool(t, 'certutil', ['-N', '-d', `sql:${database}`, '-f', empty])
  await runTool(t, 'pk12util', [
    '-i',
    file,
    '-d',
    `sql:${database}`,
    '-k',
    empty,
    '-w',
    passwordFile,
  ])
  const keys = await runTool(t, 'certutil', ['-K', '-d', `sql:${database}`, '-f', empty])
  assert.match(keys, /leaf\.test/)
  const certificates = await runTool(t, 'certutil', ['-L', '-d', `sql:${database}`])
  assert.match(certificates, /u,u,u/)
  assert.match(certificates, /PKCS12 Root/)
})

test('OpenSSL reads keys of every algorithm that has a PKCS #8 form', async (t) => {
  for (const keyAlgorithm of ['EC_secp521r1', 'RSA_2048'] as const) {
    const { key } = await makeRequest({ keyAlgorithm, names: ['x.test'] })
    const [block] = parsePem(key)
    const bytes = await encodePkcs12(
      {
        privateKey: block?.der ?? new Uint8Array(),
        certificates: [leaf.certificate.der],
        friendlyName: 'x',
      },
      { password, random: new TestRandom(), iterations: 1 },
    )
    const path = join(folder, `${keyAlgorithm}.p12`)
    await writeFile(path, bytes)
    const args = ['pkcs12', '-in', path, '-nodes', '-nocerts', '-passin', `file:${passwordFile}`]
    const text = await runTool(t, 'openssl', args)
    if (text === '') return
    assert.deepEqual(
      Buffer.from(parsePem(text.slice(text.indexOf('-----BEGIN')))[0]?.der ?? ''),
      Buffer.from(block?.der ?? ''),
    )
  }
})

test('deriveMacKey (RFC 7292 B.2) returns the same key as OpenSSL', () => {
  // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexpass:00700061007300730077006f007200640000 -kdfopt hexsalt:0102030405060708 -kdfopt iter:2048 -kdfopt id:3 PKCS12KDF
  const key = deriveMacKey('password', Buffer.from('0102030405060708', 'hex'), 2048)
  assert.equal(
    Buffer.from(key).toString('hex'),
    '4f510e1b5428cb3a1b784ceee7b1a95670f60e825199c121bd1752ee9e1c83f2',
  )
})

test('a file is valid DER for any name and password', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.string({ minLength: 1, maxLength: 90 }),
      async (friendlyName, secret) => {
        const bytes = await encodePkcs12(
          {
            privateKey: leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }),
            certificates: [leaf.certificate.der],
            friendlyName,
          },
          { password: secret, random: new TestRandom(), iterations: 2 },
        )
        requireDerTree(bytes, 'PFX')
        assert.ok(!Buffer.from(bytes).includes(Buffer.from(leaf.certificate.der.subarray(20, 60))))
      },
    ),
  )
})

test('a password must be printable ASCII', () => {
  assert.ok(isPkcs12Password(password))
  for (const text of ['', 'pässword', 'line\nbreak', '\u{1F511}'])
    assert.ok(!isPkcs12Password(text))
})

test('a password for a new file must have eight characters', () => {
  assert.equal(pkcs12PasswordProblem('12345678'), undefined)
  assert.match(pkcs12PasswordProblem('1234567') ?? '', /at least 8 characters/)
  assert.match(pkcs12PasswordProblem('pässword') ?? '', /printable ASCII/)
})
