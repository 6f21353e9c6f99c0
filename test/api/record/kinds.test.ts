/**
 * Tests that each type of key use, change and event is recorded as a leaf. The leaf states who did what and when, and contains a
 * hash of the object.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../../src/cli/program.ts'
import { withData } from '../../../src/data-folder/data-folder.ts'
import { operations } from '../../../src/operations/index.ts'
import { decodeLeaf, type Leaf } from '../../../src/record/leaf.ts'
import { recordedTables, type RecordedTableName } from '../../../src/store/recorded-states.ts'
import { countLeaves, readLeaves } from '../../../src/store/leaves.ts'
import { kindFlags, recordedKinds } from '../../support/record-kinds.ts'
import {
  admin,
  sudoUser,
  type ExpectedLeaf,
  type RecordedKind,
} from '../../support/record-kinds/kind.ts'
import { command } from '../../support/process.ts'
import { TestService } from '../../support/service.ts'

let service: TestService
let folder: string
let kinds: readonly RecordedKind[]
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-kinds-'))
  service = await TestService.start(kindFlags)
  kinds = recordedKinds(service, folder)
  await service.runJob('seal-record')
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

async function leavesFrom(position: number): Promise<Leaf[]> {
  return withData(service.config, async ({ db }) =>
    (await readLeaves(db, position, 1000)).map(({ data }) => decodeLeaf(data)),
  )
}

async function countOfLeaves(): Promise<number> {
  return withData(service.config, ({ db }) => countLeaves(db))
}

const administrator = (): string => `arn:aws:iam::${service.config.accountId}:user/administrator`

function isExpected(leaf: Leaf, { name }: RecordedKind, expected: ExpectedLeaf): boolean {
  const { event } = leaf.kind === 'event' ? JSON.parse(leaf.detail ?? '{}') : {}
  if (leaf.kind !== expected.kind || (expected.what ?? leaf.table) !== (event ?? leaf.table))
    return false
  if (leaf.kind === 'change' && (expected.isRemoval === true) !== (leaf.state === undefined))
    return false
  const isCommand = name.toLowerCase() === name && expected.who === undefined
  return isCommand
    ? leaf.command === `signet ${expected.command ?? name}`
    : leaf.principal === (expected.who ?? administrator())
}

function assertActor(leaf: Leaf): void {
  if (leaf.principal !== undefined && leaf.command === undefined) return
  const { osUser, host } = leaf
  assert.deepEqual([osUser, leaf.sudoUser, host], [userInfo().username, sudoUser, hostname()])
  assert.match(leaf.command ?? '', /^signet [a-z]/)
}

/** For a certificate or CRL, a field of the leaf contains the hash. For a row, the leaf contains the complete state. */
function assertHash(leaf: Leaf): void {
  const { kind, table = '', state, sha256, rowDigest } = leaf
  const hasHash =
    sha256 !== undefined || rowDigest !== undefined || state !== undefined || kind === 'event'
  const isRemoval = kind === 'change' && state === undefined
  assert.ok(hasHash || isRemoval, JSON.stringify(leaf))
  if (['certificate', 'retirement'].includes(kind))
    assert.ok(sha256 && rowDigest && leaf.serialNumber)
  if (kind === 'event' && JSON.parse(leaf.detail ?? '{}').event === 'audit-report')
    assert.equal(sha256?.length, 32)
  if (['crl', 'ocsp-responses'].includes(kind)) assert.equal(sha256?.length, 32)
  if (kind === 'change' && 'digestColumn' in recordedTables[table as RecordedTableName])
    assert.ok(isRemoval || sha256 !== undefined || table === 'approvals', table)
}

test('each kind writes its leaves', async (t) => {
  for (const kind of kinds)
    await t.test(kind.name, async () => {
      const position = await countOfLeaves()
      const earliest = Math.min(Date.now(), service.clock.now().getTime())
      await kind.run()
      const latest = Math.max(Date.now(), service.clock.now().getTime())
      const leaves = await leavesFrom(position)
      const unmatched = [...leaves]
      for (const expected of kind.leaves) {
        const at = unmatched.findIndex((leaf) => isExpected(leaf, kind, expected))
        assert.notEqual(at, -1, `${JSON.stringify(expected)} in ${JSON.stringify(leaves)}`)
        unmatched.splice(at, 1)
      }
      for (const leaf of leaves) {
        assertActor(leaf)
        assertHash(leaf)
        const time = leaf.time.getTime()
        assert.ok(time >= earliest && time <= latest, `${kind.name}: ${leaf.time.toISOString()}`)
      }
    })
  const { Problems } = await admin(service, 'log', 'verify')
  assert.deepEqual(Problems, [])
})

test('a restore is a leaf after those of the backup, with the hash of the file', async (t) => {
  if (service.config.database !== undefined) return t.skip('a restore needs an empty database')
  const data = join(folder, 'restored')
  const backup = join(folder, 'backup.age')
  const words = ['restore', backup, '--passphrase-file', join(folder, 'passphrase'), '--data', data]
  const { code, stderr } = await command(words, { SUDO_USER: sudoUser })
  assert.equal(code, 0, stderr)
  const shown = await command(['log', 'show', '--kind', 'event', '--data', data])
  const leaf = JSON.parse(shown.stdout).at(-1)
  assert.deepEqual(
    [JSON.parse(leaf.Detail).event, leaf.User, leaf.SudoUser, leaf.Host, leaf.Command],
    ['restore', userInfo().username, sudoUser, hostname(), 'signet restore'],
  )
  const digest = createHash('sha256').update(readFileSync(backup)).digest('hex')
  assert.equal(leaf.Sha256, digest)
})

test('every operation that changes something, and every command on the data, is one of the kinds', async () => {
  const covered = new Set(kinds.map(({ name }) => name))
  const readOnly = /^(?:Get|List|Describe|Check|Simulate)/
  assert.deepEqual(
    Object.keys(operations).filter((name) => !readOnly.test(name) && !covered.has(name)),
    [],
  )
  const reads =
    /(?:^| )(?:list|show|objects|get|key|prove|verify|check-config|status|statistics|simulate|tree|download|print)$/
  // These commands call the API or run within a server (master-key-export.test.ts, master-key-shares.test.ts). The
  // restore command has a separate test above.
  const elsewhere =
    /^(?:issue|renew|revoke|init-hierarchy|ca .*|trust .*|certificates .*|approval (?:approve|reject)|serve|restore|unlock|master-key export)$/
  assert.deepEqual(
    commandsOf(await createProgram(() => {}, [])).filter(
      (name) => !reads.test(name) && !elsewhere.test(name) && !covered.has(name),
    ),
    [],
  )
})

/** Names of all commands with `--data`. */
function commandsOf(parent: Command, path: readonly string[] = []): string[] {
  const own =
    parent.commands.length === 0 && parent.options.some(({ long }) => long === '--data')
      ? [path.join(' ')]
      : []
  return [...own, ...parent.commands.flatMap((child) => commandsOf(child, [...path, child.name()]))]
}
