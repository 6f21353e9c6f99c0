/**
 * Tests that a Go implementation of RFC 6962 accepts Signet's checkpoints, tiles and proofs. A witness must be able to follow the
 * log over HTTP.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { withData } from '../../src/data-folder/data-folder.ts'
import { createLedger } from '../../src/ledger/ledger.ts'
import { findLogParts, verifierOf } from '../../src/ledger/log-parts.ts'
import { openKeyRecord } from '../../src/keys/local-key-store.ts'
import { signCheckpoint } from '../../src/record/checkpoint.ts'
import { emptyRoot } from '../../src/record/merkle.ts'
import { createKeyRecords } from '../../src/store/keys.ts'
import { systemRandom } from '../../src/random.ts'
import { createHashReader } from '../../src/ledger/hash-reader.ts'
import { consistencyProof, type HashReader } from '../../src/record/proofs.ts'
import { hashesAt, levelsOf, tilePath, tileWidth, widthOf } from '../../src/record/tiles.ts'
import { appendLeaf, readLeaves } from '../../src/store/leaves.ts'
import { sql } from '../../src/store/sql.ts'
import { csr } from '../support/csrs.ts'
import { tool } from '../support/foreign-tools.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'

const goProgram = 'go'

let service: TestService
let folder: string
let key: string
before(async () => {
  service = await TestService.start({ logPublic: 'true' })
  folder = await mkdtemp(join(tmpdir(), 'signet-record-'))
  const root = await createRoot(service)
  for (let batch = 0; batch < 14; batch += 1)
    await Promise.all(
      Array.from({ length: 20 }, () => issue(service, { arn: root.arn, csr: csr('ec-server') })),
    )
  await service.runJob('seal-record')
  key = (await log('key')).Key
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

async function log(...words: string[]): Promise<Members> {
  const { code, stdout, stderr } = await command([
    'log',
    ...words,
    '--data',
    service.config.dataDirectory,
  ])
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

const publicLog = (): string => `${service.publicUrl}/log`

async function fetched(path: string): Promise<Buffer> {
  const response = await fetch(`${publicLog()}/${path}`)
  assert.equal(response.status, 200, path)
  return Buffer.from(await response.arrayBuffer())
}

async function tilesOf(size: number): Promise<Record<string, string>> {
  const tiles: Record<string, string> = {}
  for (let level = 0; level < levelsOf(size); level += 1)
    for (let number = 0; number * tileWidth < hashesAt(level, size); number += 1) {
      const path = tilePath({ level, number }, widthOf({ level, number }, size))
      tiles[path] = (await fetched(path)).toString('base64')
    }
  return tiles
}

test('a Go implementation of RFC 6962 agrees with the checkpoint, every tile and the proofs', async (t) => {
  if ((await tool(t, 'go', { probe: ['version'] })) === undefined) return
  const checkpoint = (await fetched('checkpoint')).toString()
  const size = Number(checkpoint.split('\n')[1])
  assert.ok(size > 2 * 128)
  const { leaves, consistency } = await withData(service.config, async ({ db }) => ({
    leaves: await readLeaves(db, 0, size),
    consistency: await consistencyProofs(size, createHashReader(db)),
  }))
  const indexes = [0, 1, 127, 255, 256, size - 2, size - 1]
  const inclusion = await Promise.all(
    indexes.map(async (index) => ({
      Index: index,
      Proof: (await log('prove', String(index))).Proof as string[],
    })),
  )
  const input = JSON.stringify({
    Key: key,
    Checkpoint: checkpoint,
    Leaves: leaves.map(({ data }) => Buffer.from(data).toString('base64')),
    Tiles: await tilesOf(size),
    Inclusion: inclusion,
    Consistency: consistency,
  })
  assert.equal(await judge(input), '')
  const wrong = input.replace(/"From":2,/, '"From":3,')
  assert.match(await judge(wrong), /the consistency proof from 3 leaves is wrong/)
})

function consistencyProofs(size: number, reader: HashReader) {
  return Promise.all(
    [1, 2, 100, 255, 256, 257, size - 1, size].map(async (from) => ({
      From: from,
      Proof: (await consistencyProof(from, size, reader)).map((hash) =>
        Buffer.from(hash).toString('base64'),
      ),
    })),
  )
}

async function judge(input: string): Promise<string> {
  const program = join(import.meta.dirname, 'record_judge.go')
  const env = { PATH: process.env['PATH'], GO111MODULE: 'off', GOCACHE: join(folder, 'go') }
  const child = spawn(goProgram, ['run', program], { env })
  const exited = once(child, 'close')
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  child.stdin.end(input)
  const [[stdout, stderr], [code]] = await Promise.all([output, exited])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
}

test('the public listener serves hashes only, and nothing outside the tree', async () => {
  const status = async (path: string): Promise<number> =>
    (await fetch(`${publicLog()}/${path}`)).status
  assert.equal(await status('tile/0/000'), 200)
  assert.equal(await status('tile/0/000.p/5'), 200)
  assert.equal((await fetched('tile/0/000.p/5')).length, 5 * 32)
  for (const path of ['tile/0/001', 'tile/0/9', 'tile/entries/000', 'tile/5/000', 'tile/0/000.p/0'])
    assert.equal(await status(path), 404, path)
  const other = await TestService.start()
  try {
    assert.equal((await fetch(`${other.publicUrl}/log/checkpoint`)).status, 404)
  } finally {
    await other.close()
  }
})

test('a witness accepts a log that grows, and refuses one with another history', async () => {
  const state = join(folder, 'state.jsonl')
  const witness = (...more: string[]) =>
    command(['log', 'witness', publicLog(), '--key', key, '--state', state, ...more])
  const first = await witness()
  assert.deepEqual([first.code, first.stderr], [0, ''])
  const { arn } = await createRoot(service)
  await issue(service, { arn, csr: csr('ec-server') })
  await service.runJob('seal-record')
  const second = await witness()
  assert.deepEqual([second.code, second.stderr], [0, ''])
  const { TreeSize, EarlierTreeSize } = JSON.parse(second.stdout)
  assert.ok(TreeSize > EarlierTreeSize)
  assert.equal((await witness()).code, 0)
  const lines = (await readFile(state, 'utf8')).trim().split('\n')
  assert.equal(lines.length, 2, 'an unchanged checkpoint is kept once')

  // The history before the last leaf is different.
  const other = await TestService.start({ logPublic: 'true' })
  try {
    await other.runJob('seal-record')
    const foreign = await command([
      'log',
      'witness',
      `${other.publicUrl}/log`,
      '--key',
      key,
      '--state',
      state,
    ])
    assert.deepEqual([foreign.code, /is not signed by/.test(foreign.stderr)], [1, true])
  } finally {
    await other.close()
  }
  await rewriteHistory()
  const forked = await witness()
  assert.equal(forked.code, 1)
  assert.match(forked.stderr, /does not begin with the \d+ earlier leaves/)
  const kept = (await readFile(state, 'utf8')).trim().split('\n')
  assert.match(kept.at(-1) ?? '', /"problem":"the record of/)
  await writeFile(state, 'x')
  assert.equal((await witness()).code, 2)
})

/**
 * Simulates an attacker with access to the machine. The attacker changes a leaf and signs the whole tree again with the record's
 * key.
 */
async function rewriteHistory(): Promise<void> {
  await withData(service.config, async ({ db, masterKeys }) => {
    const sealers = masterKeys.sealers('keys')
    const record = await createKeyRecords(db, systemClock).find('record')
    const verifier = verifierOf(await findLogParts(db))
    assert.ok(record && verifier)
    const privateKey = await openKeyRecord(record, { sealers, random: systemRandom })
    const note = signCheckpoint({ size: 0, root: emptyRoot() }, verifier, privateKey)
    await db.transaction([
      sql`update record_leaves set state = null where leaf_number = 1`,
      sql`delete from record_tiles`,
      sql`update record_checkpoint set tree_size = 0, note = ${note}`,
      appendLeaf({ kind: 'event', time: new Date(0) }),
    ])
    await createLedger({ db, clock: systemClock, random: systemRandom, sealers }).seal()
  })
}
