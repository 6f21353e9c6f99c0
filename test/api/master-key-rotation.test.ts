/** Tests of `signet master-key rotate` while servers are running, and after the command is killed at each of its steps. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { withData } from '../../src/data-folder/data-folder.ts'
import { findBindingKey } from '../../src/store/enrollment/binding-keys.ts'
import { BackupFolder } from '../support/backups.ts'
import { notedDatabase } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { createBoundEndpoint } from '../support/endpoints.ts'
import { createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import { command, startServer } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'
import { assume, callSts, createRole, trusting } from '../support/sts.ts'
import { createUser } from '../support/accounts.ts'

let service: TestService
let binding: { readonly keyId: string; readonly hmacKey: string }
let root: { readonly arn: string; readonly csr: string }
before(async () => {
  service = await TestService.start()
  const { arn } = await createRoot(service)
  const key = await createBoundEndpoint(service, { name: 'web', ca: arn })
  binding = { keyId: key.KeyId, hmacKey: key.HmacKey }
  root = { arn, csr: csr('ec-server') }
})
after(() => service.close())

const data = (): string => service.config.dataDirectory
const keyFile = (): string => join(data(), 'master.key')

async function run(...args: readonly string[]): Promise<Members> {
  const { code, stdout, stderr } = await command([...args, '--data', data()])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

/** Performs a complete rotation, which takes two commands on PostgreSQL. */
async function rotate(...flags: readonly string[]): Promise<Members> {
  const first = await run('master-key', 'rotate', ...flags)
  return first.Finished === true ? first : run('master-key', 'rotate', '--finish', ...flags)
}

/** Checks that the file contains the only key that decrypts the database, and that this key decrypts every secret. */
async function assertOneKey(): Promise<void> {
  const shown = await run('master-key', 'show')
  assert.equal(shown.Rotation, 'none')
  assert.deepEqual(shown.NeededKeyIds, [shown.MasterKeyId])
  const report = await run('verify')
  assert.deepEqual(report.Problems, [])
  assert.equal(report.MasterKeyId, shown.MasterKeyId)
  const ids = await service.inDatabase(
    'select master_key_id from keys union select master_key_id from access_keys union select master_key_id from acme_binding_keys',
  )
  assert.deepEqual(
    ids.map((row) => row['master_key_id']),
    [shown.MasterKeyId],
  )
  const key = await withData(service.config, ({ db, masterKeys }) =>
    findBindingKey(db, masterKeys.sealers('acme binding keys'), binding.keyId),
  )
  assert.equal(Buffer.from(key?.macKey ?? []).toString('base64url'), binding.hmacKey)
}

/** Issues certificates one after the other. */
async function issued(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await issue(service, root)
}

test('a rotation replaces the key of every CA, access key and EAB key while the server issues', async () => {
  const original = readFileSync(keyFile(), 'utf8')
  const stop = new AbortController()
  const issueContinuously = async (): Promise<number> => {
    let count = 0
    for (; !stop.signal.aborted; count += 1) await issue(service, root)
    return count
  }
  // An account can have at most 200 CAs, and a fast machine would reach this quota.
  const createContinuously = async (): Promise<void> => {
    for (let at = 0; at < 50 && !stop.signal.aborted; at += 1) await createAuthority(service)
  }
  const load = [issueContinuously(), issueContinuously(), createContinuously()]
  const first = await rotate()
  const second = await rotate()
  stop.abort()
  const [count = 0] = await Promise.all(load)
  assert.ok(count > 0)
  assert.equal(second.PreviousKeyId, first.MasterKeyId)
  assert.notEqual(readFileSync(keyFile(), 'utf8'), original)
  assert.equal(statSync(keyFile()).mode & 0o777, 0o600)
  await assertOneKey()
  await issued(2)
  await service.restart()
  await issued(2)
})

const steps = [
  ['started', 1],
  ['sealed', 1],
  ['sealed', 2],
  ['sealed', 3],
  ['file', 1],
  ['finished', 1],
] as const

for (const [step, occurrence] of steps)
  test(`a rotation that is killed after the step ${step} (${occurrence}) can be continued`, async () => {
    const { masterKeyFile } = service.config
    assert.equal(masterKeyFile, keyFile())
    const { SIGNET_DATABASE: url } = notedDatabase(['--data', data()])
    const flags = { data: data(), ...(url !== undefined && { database: url }) }
    const driver = join(import.meta.dirname, '../support/rotate-and-die.ts')
    const child = spawn(process.execPath, [driver, JSON.stringify(flags), step, `${occurrence}`], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
    assert.equal(signal, 'SIGKILL')
    // The server keeps running, and a new process decrypts every secret with the key in the file.
    await issued(1)
    assert.deepEqual((await run('verify')).Problems, [])
    await service.restart()
    await issued(1)
    const { NeededKeyIds, MasterKeyId, Rotation } = await run('master-key', 'show')
    assert.ok(NeededKeyIds.includes(MasterKeyId))
    if (Rotation === 'unfinished') await rotate()
    await assertOneKey()
    await createAuthority(service)
    await assertOneKey()
  })

test('the previous master key no longer opens the database, and the error names both keys', async () => {
  const previous = join(data(), 'previous.key')
  copyFileSync(keyFile(), previous)
  const { MasterKeyId, PreviousKeyId } = await rotate()
  const refused = await command(['verify', '--data', data(), '--master-key-file', previous])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, new RegExp(`its ID is ${PreviousKeyId}.*the ID ${MasterKeyId}`))
})

test('sessions from before a rotation stay valid, and end with --end-sessions', async () => {
  const user = await createUser(service, { userName: 'alice' })
  const RoleArn = await createRole(service, {
    roleName: 'auditor',
    trust: [trusting({ AWS: user.arn })],
    statements: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  })
  const credentials = await assume(service, RoleArn, { credentials: user.credentials })
  const identify = async (): Promise<number> =>
    (await callSts(service, { Action: 'GetCallerIdentity' }, { credentials })).status
  assert.equal(await identify(), 200)
  await rotate()
  assert.equal(await identify(), 200)
  await service.restart()
  assert.equal(await identify(), 200)
  await rotate()
  await service.restart()
  assert.equal(await identify(), 200)
  await rotate('--end-sessions')
  await service.restart()
  assert.equal(await identify(), 403)
})

test('a backup names the key that it needs, and a restore without that key says which', async (t) => {
  const folder = new BackupFolder()
  t.after(() => folder[Symbol.dispose]())
  const created = await folder.backUp('before', ['--data', data(), '--without-master-key'])
  const { MasterKeyId } = await run('master-key', 'show')
  assert.equal(created.MasterKeyId, MasterKeyId)
  copyFileSync(keyFile(), folder.file('old.key'))
  await rotate()
  const missing = await folder.restore('before', ['--data', folder.file('missing')])
  assert.match(missing.MasterKey, new RegExp(`the key with the ID ${MasterKeyId} to`))
  const wrong = await folder.tryRestore('before', [
    '--data',
    folder.file('wrong'),
    '--master-key-file',
    keyFile(),
  ])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, new RegExp(`needs the key with the ID ${MasterKeyId}`))
  await folder.restore('before', [
    '--data',
    folder.file('right'),
    '--master-key-file',
    folder.file('old.key'),
  ])
})

test('--out writes the new key to another file, and --finish needs an unfinished rotation', async () => {
  const none = await command(['master-key', 'rotate', '--finish', '--data', data()])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /no rotation of the master key is in progress/)
  const previous = readFileSync(keyFile(), 'utf8')
  const out = join(data(), 'new.key')
  writeFileSync(out, 'another file', { mode: 0o600 })
  const occupied = await command(['master-key', 'rotate', '--out', out, '--data', data()])
  assert.equal(occupied.code, 2)
  assert.match(occupied.stderr, /new\.key does not contain a Signet master key/)
  const other = join(data(), 'other.key')
  const { Finished } = await run('master-key', 'rotate', '--out', other)
  assert.equal(Finished, false)
  assert.equal(readFileSync(keyFile(), 'utf8'), previous)
  // Both keys decrypt the database until the rotation ends.
  await run('verify', '--master-key-file', other)
  await run('verify')
  copyFileSync(other, keyFile())
  await run('master-key', 'rotate', '--finish')
  await assertOneKey()
})

test('the workers of a server issue with the new key after a rotation', async () => {
  await service.stop()
  const server = await startServer(data(), ['--workers', '2'], notedDatabase(['--data', data()]))
  try {
    const result = await rotate()
    assert.equal(result.Finished, true)
    const created = await command(['access-key', 'create', '--user', 'bob', '--data', data()])
    assert.equal(created.code, 0, created.stderr)
    const answer = await fetch(`${server.url}/healthz`)
    assert.equal(answer.status, 200)
  } finally {
    assert.equal(await server.stop('SIGTERM'), 0)
  }
  await service.restart()
  await assertOneKey()
})
