import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { basicConstraints, craft, named } from '../../../test/support/crafted-certificates.ts'
import { outcome, tool } from '../../../test/support/foreign-tools.ts'
import { encodePem } from '../../x509/pem.ts'
import { changeTrust, type StoreName } from './change-trust.ts'
import { rootsInFile } from './roots.ts'
import type { Machine, TrustResult } from './trust-store.ts'

const root = craft({ subject: named('Trust Root') })
const leaf = craft(
  { subject: named('leaf.test'), extensions: [basicConstraints(undefined, { ca: false })] },
  root,
)
const pem = encodePem('CERTIFICATE', root.certificate.der)
const roots = rootsInFile(Buffer.from(pem), 'root.pem')

let folder: string
let calls: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-trust-'))
  calls = []
})
afterEach(() => rm(folder, { recursive: true }))

function machine(more: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    rootFolder: folder,
    home: folder,
    isAdministrator: true,
    async run(program, args) {
      calls.push([program, ...args].join(' '))
      return { isSuccess: true, text: '' }
    },
    ...more,
  }
}

const change = (
  action: 'install' | 'remove',
  store: StoreName,
  on: Machine,
): Promise<TrustResult[]> =>
  changeTrust(
    { action, roots, stores: [store], administratorCommand: (each) => `sudo signet trust ${each}` },
    on,
  )

const resultsOf = (results: readonly TrustResult[]): string[] => results.map(({ Result }) => Result)

test('a root is written to a file in the trust folder of the distribution, whose bundles are rebuilt', async () => {
  for (const [path, update] of [
    ['usr/local/share/ca-certificates', 'update-ca-certificates'],
    ['etc/pki/ca-trust/source/anchors', 'update-ca-trust extract'],
  ] as const) {
    await mkdir(join(folder, path), { recursive: true })
    assert.deepEqual(resultsOf(await change('install', 'system', machine())), ['installed'])
    const [file = ''] = await readdir(join(folder, path))
    assert.match(file, /^signet-[0-9a-f]{16}\.crt$/)
    assert.equal(await readFile(join(folder, path, file), 'utf8'), pem)
    assert.deepEqual(resultsOf(await change('install', 'system', machine())), ['already installed'])
    assert.deepEqual(resultsOf(await change('remove', 'system', machine())), ['removed'])
    assert.ok(!existsSync(join(folder, path, file)))
    assert.deepEqual(resultsOf(await change('remove', 'system', machine())), ['not installed'])
    assert.deepEqual(calls.splice(0), [update, update])
  }
})

test('without root privileges, the result contains the command to run, and nothing is written', async () => {
  const anchors = join(folder, 'usr/local/share/ca-certificates')
  await mkdir(anchors, { recursive: true })
  const [result] = await change('install', 'system', machine({ isAdministrator: false }))
  assert.equal(result?.Result, 'failed')
  assert.equal(result?.Problem, 'requires root permissions; run: sudo signet trust install')
  assert.deepEqual([await readdir(anchors), calls], [[], []])
})

test('the error names a program that is missing or fails', async () => {
  await mkdir(join(folder, 'usr/local/share/ca-certificates'), { recursive: true })
  const [missing] = await change('install', 'system', machine({ run: async () => undefined }))
  assert.match(missing?.Problem ?? '', /update-ca-certificates is not installed/)
  await change('install', 'system', machine())
  const [failing] = await change(
    'remove',
    'system',
    machine({ run: async () => ({ isSuccess: false, text: 'read-only\nmore' }) }),
  )
  assert.equal(failing?.Problem, 'update-ca-certificates failed: read-only')
})

test('if the bundles cannot be rebuilt, a failed installation leaves no root, and a failed removal can be repeated', async () => {
  const anchors = join(folder, 'usr/local/share/ca-certificates')
  await mkdir(anchors, { recursive: true })
  const broken = machine({ run: async () => undefined })
  assert.deepEqual(resultsOf(await change('install', 'system', broken)), ['failed'])
  assert.deepEqual(await readdir(anchors), [])
  await change('install', 'system', machine())
  assert.deepEqual(resultsOf(await change('remove', 'system', broken)), ['failed'])
  assert.equal((await readdir(anchors)).length, 1)
  assert.deepEqual(resultsOf(await change('remove', 'system', machine())), ['removed'])
})

test('stores that do not exist are reported as skipped', async () => {
  const results = [
    ...(await change('install', 'system', machine())),
    ...(await change('install', 'nss', machine())),
    ...(await change('install', 'system', machine({ platform: 'win32' }))),
  ]
  assert.deepEqual(resultsOf(results), ['skipped', 'skipped', 'skipped'])
  assert.match(results[1]?.Problem ?? '', /no NSS database/)
  assert.match(results[2]?.Problem ?? '', /win32 is not supported/)
})

test('on macOS, the system keychain is changed with the command security', async () => {
  const mac = machine({ platform: 'darwin' })
  assert.deepEqual(resultsOf(await change('install', 'system', mac)), ['installed'])
  assert.deepEqual(resultsOf(await change('remove', 'system', mac)), ['removed'])
  assert.match(calls[0] ?? '', /^security add-trusted-cert -d -r trustRoot -k \/Library/)
  assert.match(calls[2] ?? '', /^security delete-certificate -Z [0-9A-F]{64} \/Library/)
  const file = (calls[0] ?? '').split(' ').at(-1) ?? ''
  assert.ok(!existsSync(dirname(file)))
})

test('NSS databases of Chromium and Firefox trust the root until it is removed', async (t) => {
  if ((await tool(t, 'certutil')) === undefined) return
  const empty = join(folder, 'empty')
  await writeFile(empty, '')
  const databases = ['.mozilla/firefox/abc.default', '.pki/nssdb'].map((path) => join(folder, path))
  for (const database of databases) {
    await mkdir(database, { recursive: true })
    assert.ok((await outcome('certutil', ['-N', '-d', `sql:${database}`, '-f', empty])).ok)
  }
  const real = machine({
    async run(program, args) {
      const { ok, text } = await outcome(program, args)
      return { isSuccess: ok, text }
    },
  })
  const installed = await change('install', 'nss', real)
  assert.deepEqual(resultsOf(installed), ['installed', 'installed'])
  assert.deepEqual(
    installed.map(({ Location }) => Location),
    databases,
  )
  for (const database of databases) {
    const { text } = await outcome('certutil', ['-L', '-d', `sql:${database}`])
    assert.match(text, /Signet CN=Trust Root [0-9a-f]{16} +C,,/)
  }
  assert.deepEqual(resultsOf(await change('install', 'nss', real)), [
    'already installed',
    'already installed',
  ])
  assert.deepEqual(resultsOf(await change('remove', 'nss', real)), ['removed', 'removed'])
  assert.deepEqual(resultsOf(await change('remove', 'nss', real)), [
    'not installed',
    'not installed',
  ])
})

test('a file that contains certificates other than roots is refused', () => {
  const file = (text: string) => () => rootsInFile(Buffer.from(text), 'x.pem')
  assert.throws(file(encodePem('CERTIFICATE', leaf.certificate.der)), /not a root certificate/)
  assert.throws(file(''), /root certificates only/)
  assert.throws(file('-----BEGIN PRIVATE KEY-----\n'), /root certificates only/)
})
