/** Tests of `signet master-key split`, a locked server, and `signet unlock`. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import {
  parseShare,
  ShareCollector,
  shareText,
  splitMasterKey,
} from '../../src/data-folder/key-shares.ts'
import { decodeLeaf } from '../../src/record/leaf.ts'
import { systemRandom } from '../../src/random.ts'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { notedDatabase } from '../support/chosen-database.ts'
import { memoryContains } from '../support/process-memory.ts'
import { command, signet } from '../support/process.ts'
import {
  allPublished,
  crlBucket,
  crlWith,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { freePort } from '../support/free-port.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let shares: string
let crlPath: string
let statusRequest: Buffer
let statusResponse: string
before(async () => {
  service = await TestService.start()
  // The locked servers use the system clock, so the stored responses must not be dated in the future.
  service.clock.advance({ seconds: -60 })
  await service.createBucket(crlBucket)
  const root = await createRoot(service, { more: revocationOptions(undefined, { Enabled: true }) })
  const revoked = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await revoke(service, revoked.arn)
  await crlWith(service, revoked.arn)
  await allPublished(service)
  crlPath = `/${crlBucket}/crl/${lastOf(root.arn)}.crl`
  statusRequest = ocspRequest([{ issuer: root.certificate, serial: lastOf(revoked.arn) }])
  statusResponse = await askStatus(service.publicUrl, statusRequest)
  shares = join(data(), '..', `${data().split('/').at(-1)}-shares`)
})
after(async () => {
  await service.close()
  rmSync(shares, { recursive: true, force: true })
})

const data = (): string => service.config.dataDirectory
const keyFile = (): string => join(data(), 'master.key')
const share = (number: number): string => join(shares, `share-${number}.txt`)

/** Sends an OCSP request, and returns the response in hexadecimal. */
async function askStatus(url: string, request: Buffer): Promise<string> {
  const headers = { 'content-type': 'application/ocsp-request' }
  const answer = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(request) })
  return Buffer.from(await answer.arrayBuffer()).toString('hex')
}

async function run(...args: readonly string[]): Promise<Members> {
  const { code, stdout, stderr } = await command(args)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await command(args)
  assert.equal(code, 2, stderr)
  return stderr
}

const unlock = (number: number): Promise<Members> => run('unlock', share(number), '--data', data())

const progress = (): Promise<Members> => run('unlock', '--progress', '--data', data())

interface LockedServer {
  readonly url: string
  readonly publicUrl: string
  readonly pid: number
  readonly output: () => string
  /** Waits until the output contains the given text. */
  readonly printed: (text: string) => Promise<void>
  readonly stop: () => Promise<number | null>
}

/** Starts `signet serve` with two workers, and waits until the server is locked. */
async function startLocked(): Promise<LockedServer> {
  const [api, open] = [await freePort(), await freePort()]
  const listen = ['--listen', `127.0.0.1:${api}`, '--public-listen', `127.0.0.1:${open}`]
  const args = [signet, 'serve', '--data', data(), '--workers', '2', ...listen]
  const env = { PATH: process.env['PATH'] ?? '', ...notedDatabase(['--data', data()]) }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const printed = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      const isOver = await Promise.race([
        exited.then(() => true),
        once(child.stdout, 'data').then(() => false),
      ])
      if (isOver && !output.includes(text)) throw new Error(`the server has ended: ${output}`)
    }
  }
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    const [code] = await exited
    return code
  }
  await printed('Signet is locked')
  const [url, publicUrl] = [`http://127.0.0.1:${api}`, `http://127.0.0.1:${open}`]
  return { url, publicUrl, pid: child.pid ?? 0, output: () => output, printed, stop }
}

async function withLocked(work: (server: LockedServer) => Promise<void>): Promise<void> {
  const server = await startLocked()
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

test('a split writes private files, verifies them, and removes the key only with --remove', async () => {
  const split = ['master-key', 'split', '--data', data(), '--shares', '3', '--threshold', '2']
  const kept = await run(...split, '--out', `${shares}/kept`)
  assert.deepEqual([kept.Shares, kept.Threshold, kept.Removed], [3, 2, false])
  assert.ok(existsSync(keyFile()))
  assert.match(await refused(...split, '--out', `${shares}/kept`), /already exists/)
  const removed = await run(...split, '--out', shares, '--remove')
  assert.equal(removed.Removed, true)
  assert.ok(!existsSync(keyFile()))
  for (const path of removed.Files as string[]) assert.equal(statSync(path).mode & 0o777, 0o600)
  const manifest = readFileSync(join(data(), 'master-key-shares.json'), 'utf8')
  assert.deepEqual(Object.keys(JSON.parse(manifest) as object), [
    'masterKeyId',
    'splitId',
    'threshold',
    'total',
  ])
})

test('a locked server serves CRLs and stored OCSP responses, answers everything else with 503, and starts with enough shares', async () => {
  await service.stop()
  await withLocked(async (server) => {
    const health = await fetch(`${server.url}/healthz`)
    assert.equal(health.status, 503)
    const reason = '"message":"locked: the server waits for its master key"'
    assert.equal(await health.text(), `{"status":"unavailable",${reason}}`)
    const call = await fetch(server.url, { method: 'POST', body: '{}' })
    assert.equal(call.status, 503)
    assert.match(await call.text(), /^\{"__type":"ServiceUnavailable","message":"locked: /)
    const crl = await fetch(`${server.publicUrl}${crlPath}`)
    assert.equal(crl.status, 200)
    assert.ok((await crl.arrayBuffer()).byteLength > 100)
    assert.equal(await askStatus(server.publicUrl, statusRequest), statusResponse)
    assert.equal(await askStatus(server.publicUrl, Buffer.from('request')), '30030a0101')
    assert.equal((await fetch(`${server.publicUrl}/none`)).status, 503)
    assert.equal((await run('log', 'verify', '--data', data())).Ok, true)
    const stale = join(shares, 'kept', 'share-2.txt')
    assert.match(
      await refused('unlock', stale, '--data', data()),
      /split \w+, which was replaced by/,
    )
    assert.equal((await unlock(1)).Unlocked, false)
    for (const url of [server.url, server.publicUrl])
      assert.ok((await (await fetch(`${url}/healthz`)).text()).includes(reason))
    const [split] = (await progress()).Splits as Members[]
    assert.deepEqual([split.Received, split.Threshold], [1, 2])
    assert.match(await refused('unlock', share(1), '--data', data()), /already been entered/)
    const mistyped = join(shares, 'mistyped.txt')
    writeFileSync(mistyped, readFileSync(share(2), 'utf8').replace(/.\n$/, 'x\n'), { mode: 0o600 })
    assert.match(await refused('unlock', mistyped, '--data', data()), /not a share/)
    assert.equal((await unlock(3)).Unlocked, true)
    await server.printed('Ctrl-C stops the server')
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
    assert.match(await refused('unlock', share(2), '--data', data()), /is not locked/)
    assert.deepEqual(await progress(), { Locked: false })
    const rows = await service.inDatabase('select entry from record_leaves order by leaf_number')
    const events = rows
      .map(({ entry }) => decodeLeaf(entry as Uint8Array))
      .filter(({ kind }) => kind === 'event')
      .slice(-3)
      .map((leaf) => {
        const { event, share: number } = JSON.parse(leaf.detail ?? '')
        return [event, number, leaf.principal ?? leaf.osUser, leaf.command]
      })
    const user = userInfo().username
    assert.deepEqual(events, [
      ['master-key-share', 1, user, 'signet unlock'],
      ['master-key-share', 3, user, 'signet unlock'],
      ['unlock', undefined, 'shares of the master key', undefined],
    ])
    for (const number of [1, 2, 3]) {
      const secret = readFileSync(share(number), 'utf8').split(':').at(-2) ?? ''
      assert.ok(!server.output().includes(secret))
    }
  })
})

test(
  'the memory of a locked server contains no master key, not even with all shares but one',
  { skip: process.platform !== 'linux' },
  async () => {
    const shareTexts = [1, 3].map((number) => readFileSync(share(number), 'utf8').trim())
    const collector = new ShareCollector('master.key')
    const [, key] = [
      await collector.add(parseShare(shareTexts[0] ?? '')),
      await collector.add(parseShare(shareTexts[1] ?? '')),
    ]
    const bytes = Buffer.from(key?.bytes ?? [])
    assert.equal(bytes.length, 32)
    const forms = [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('base64'))]
    await withLocked(async (server) => {
      assert.equal(memoryContains(server.pid, forms), false)
      await unlock(1)
      assert.equal(memoryContains(server.pid, forms), false)
      await unlock(3)
      await server.printed('Ctrl-C stops the server')
      // As a control, the search finds a key that is in memory.
      assert.equal(memoryContains(server.pid, forms), true)
    })
  },
)

test('a locked server refuses shares of another master key, and stops on SIGTERM', async () => {
  const server = await startLocked()
  const bytes = new Uint8Array(32).fill(1)
  const split = await splitMasterKey(
    { bytes, path: 'other' },
    { total: 2, threshold: 2 },
    systemRandom,
  )
  const file = join(shares, 'other.txt')
  writeFileSync(file, split.map((each) => shareText(each))[0] ?? '', { mode: 0o600 })
  const refusal = await refused('unlock', file, '--data', data())
  assert.match(refusal, /belongs to the master key .* but the database needs the key/)
  assert.equal(await server.stop(), 0)
})

test('combine restores the key file, and names the number of shares that it needs', async () => {
  const combine = ['master-key', 'combine', '--out', keyFile()]
  assert.match(await refused(...combine, share(1)), /not enough: the master key needs 2/)
  await run(...combine, share(2), share(3))
  assert.equal(statSync(keyFile()).mode & 0o777, 0o600)
  copyFileSync(keyFile(), join(shares, 'restored.key'))
  await service.restart()
  assert.deepEqual((await run('verify', '--data', data())).Problems, [])
})

test('a split can be encrypted, with one recipient for each share', async () => {
  const split = ['master-key', 'split', '--data', data(), '--shares', '2', '--threshold', '2']
  const out = ['--out', `${shares}/encrypted`]
  const recipient = [
    '--recipient',
    'age1rtj9w66g7qkqjqmgzcunnt2uxc72fvp32fwphja7ndenfskdesqs3ccq0d',
  ]
  assert.match(await refused(...split, ...out, ...recipient), /once for each share/)
  const { Files } = await run(...split, ...out, ...recipient, ...recipient)
  for (const path of Files as string[])
    assert.match(readFileSync(path, 'latin1'), /^age-encryption\.org\/v1\n/)
})
