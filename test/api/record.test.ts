/** The record of a running server: leaves of every change, checkpoints, proofs, and each kind of alteration. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openCheckpoint } from '../../src/record/checkpoint.ts'
import { leafHash } from '../../src/record/merkle.ts'
import { parseVerifier } from '../../src/record/note.ts'
import { verifyInclusion } from '../../src/record/proofs.ts'
import { recordedTables } from '../../src/store/recorded-states.ts'
import { withAlteredData, type RunInCopy } from '../support/altered-data.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import {
  allPublished,
  crlBucket,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let root: Awaited<ReturnType<typeof createRoot>>
const serials: string[] = []

before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  root = await createRoot(service, { more: revocationOptions() })
  // More than one full tile of leaves.
  for (let batch = 0; batch < 30; batch += 1) {
    const issued = await Promise.all(
      Array.from({ length: 10 }, () => issue(service, { arn: root.arn, csr: csr('ec-server') })),
    )
    serials.push(...issued.map(({ arn }) => lastOf(arn)))
  }
  await revoke(service, `${root.arn}/certificate/${serials[0]}`)
  await revoke(service, `${root.arn}/certificate/${serials[1]}`)
  await allPublished(service)
  await service.must('TagCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
    Tags: [{ Key: 'team', Value: 'web' }],
  })
  await service.must('CreatePermission', {
    CertificateAuthorityArn: root.arn,
    Principal: 'acm.amazonaws.com',
    Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
  })
  const policies = await mkdtemp(join(tmpdir(), 'signet-policies-'))
  const trust = join(policies, 'trust.json')
  const allow = join(policies, 'allow.json')
  writeFileSync(trust, trustPolicy)
  writeFileSync(allow, identityPolicy)
  await must('user', 'create', 'alice', '--tag', 'team=web')
  await must('role', 'create', 'deploy', '--trust-policy', trust)
  await must('policy', 'put', '--user', 'alice', '--name', 'p', '--policy', allow)
  const approve = join(policies, 'approve.json')
  writeFileSync(approve, approvers)
  await must('user', 'create', 'bob')
  for (const user of ['alice', 'bob'])
    await must('policy', 'put', '--user', user, '--name', 'approve', '--policy', approve)
  await must('approval', 'policy', 'set', '--action', 'put-policy')
  await service.refusal('DeletePolicy', { ResourceArn: root.arn })
  await rm(policies, { recursive: true })
  await service.runJob('seal-record')
})
after(() => service.close())

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }],
})

const identityPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'acm-pca:IssueCertificate', Resource: '*' }],
})

const approvers = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'signet:ApproveRequest', Resource: '*' }],
})

/** Tables without rows in the service. */
const tablesWithoutRows = new Set([
  'identity_providers',
  'shares',
  'share_authorities',
  'resource_policies',
  'token_keys',
  'certificate_intents',
])

async function must(...words: string[]): Promise<Members> {
  const { code, stdout, stderr } = await run(service.config.dataDirectory, ...words)
  assert.deepEqual([code, stderr], [0, ''], words.join(' '))
  return stdout === '' ? undefined : JSON.parse(stdout)
}

const run = (data: string, ...words: string[]) => command([...words, '--data', data])

test('signet verify and signet log verify find no problems, and every leaf has a checkpoint', async () => {
  const found = await must('verify')
  const log = await must('log', 'verify')
  assert.deepEqual([found.Problems, log.Problems], [[], []])
  assert.equal(log.CheckpointSize, log.Leaves)
  assert.ok(log.Leaves > 256)
})

test('the leaves name who did what', async () => {
  const shown = async (...filters: string[]): Promise<Members[]> => must('log', 'show', ...filters)
  const administrator = 'arn:aws:iam::123456789012:user/administrator'
  const [revocation] = await shown('--kind', 'revocation', '--serial', serials[0] ?? '')
  assert.equal(revocation.Principal, administrator)
  assert.equal(revocation.CertificateAuthority, lastOf(root.arn))
  const issued = await shown('--kind', 'certificate', '--ca', root.arn, '--limit', '1000')
  assert.equal(issued.length, serials.length + 1)
  const users = (await shown('--limit', '1000')).filter(({ Table }) => Table === 'users')
  const user = users.find(({ State }) => State.user_name === 'alice')
  assert.equal(user.Command, 'signet user create')
  assert.equal(user.User, userInfo().username)
  assert.deepEqual(user.State.tags, '{"team":"web"}')
  const crls = await shown('--kind', 'crl')
  assert.deepEqual([crls.length > 0, crls[0].Principal], [true, 'job:publish-crls'])
  assert.equal((await shown('--principal', 'user/nobody')).length, 0)
  assert.equal((await shown('--until', '2001-01-01T00:00:00Z')).length, 0)
  const { code, stderr } = await run(service.config.dataDirectory, 'log', 'show', '--kind', 'x')
  assert.deepEqual([code, /--kind must be one of/.test(stderr)], [2, true])
})

test('a proof of a certificate leads to the root of the signed checkpoint', async () => {
  const { Key } = await must('log', 'key')
  for (const serial of [serials[0], serials.at(-1)]) {
    const proof = await must('log', 'prove', '--serial', serial ?? '')
    assert.deepEqual([proof.Leaf.SerialNumber, proof.Key], [serial, Key])
    const data = Buffer.from(proof.LeafData, 'base64')
    const hashes = proof.Proof.map((hash: string) => Buffer.from(hash, 'base64'))
    const leaf = { index: proof.Leaf.Leaf, hash: leafHash(data) }
    const tree = openCheckpoint(proof.Checkpoint, parseVerifier(Key))
    assert.ok(verifyInclusion(leaf, tree, hashes))
  }
})

describe('signet verify names each altered row', () => {
  const other = Buffer.alloc(16, 7)
  const cases: Record<string, [(run: RunInCopy) => Promise<unknown>, RegExp]> = {}
  const add = (name: string, pattern: RegExp, ...statements: string[]): void => {
    cases[name] = [
      async (query) => {
        for (const text of statements) await query(text, ...(text.includes('?') ? [other] : []))
      },
      pattern,
    ]
  }
  const certificate = 'the certificate [0-9a-f]{32} of CA number 1'
  const flipped = (column: string): string =>
    `${column} = (select ${column} from certificates where certificate_number = 9)`
  for (const [column, value] of [
    ['requester_arn', "'x'"],
    ['template_name', "'x'"],
    ['issued_at_ms', 'issued_at_ms + 1'],
    ['crl_id', '7'],
  ])
    add(
      `a certificate: ${column}`,
      new RegExp(`^${certificate} was changed$`),
      `update certificates set ${column} = ${value} where certificate_number = 5`,
    )
  add(
    'a certificate: its DER',
    new RegExp(`^${certificate} was changed$`),
    `update certificates set ${flipped('certificate_der')} where certificate_number = 5`,
  )
  add(
    'a removed certificate',
    /^the certificate [0-9a-f]{32} of CA number 1, in leaf \d+, was removed$/,
    'delete from certificates where certificate_number = 5',
  )
  add(
    'an added certificate',
    /^the certificate (?:07){16} of CA number 1 was added$/,
    `insert into certificates (certificate_number, authority_number, serial_number,
      authority_certificate_number, template_name, certificate_der, issued_at_ms, not_after)
      select 5000, authority_number, ?, authority_certificate_number, template_name,
        certificate_der, issued_at_ms, not_after from certificates where certificate_number = 5`,
  )
  add(
    'exchanged certificates',
    new RegExp(`^${certificate} was moved: its number was changed$`),
    'update certificates set certificate_number = -5 where certificate_number = 5',
    'update certificates set certificate_number = 5 where certificate_number = 9',
    'update certificates set certificate_number = 9 where certificate_number = -5',
  )
  add(
    'a changed revocation',
    /^the revocation of [0-9a-f]{32} by CA number 1 was changed$/,
    'update revocations set reason_code = 5',
  )
  add(
    'a removed revocation',
    /^the revocation of [0-9a-f]{32} by CA number 1 was removed$/,
    'delete from revocations where certificate_number = (select min(certificate_number) from revocations)',
  )
  add(
    'an added revocation',
    /^the revocation of (?:07){16} by CA number 1 was added$/,
    `insert into revocations (authority_number, certificate_number, serial_number, revoked_at_ms,
      reason_code, not_after) select authority_number, 77, ?, revoked_at_ms, reason_code, not_after
      from revocations where certificate_number = (select min(certificate_number) from revocations)`,
  )
  for (const [table, { key, columns }] of Object.entries(recordedTables)) {
    if (tablesWithoutRows.has(table)) continue
    const keyed: string = table === 'tags' ? 'tag_key' : (key.at(-1) ?? '')
    const numeric = ['imported_at_ms'].includes(keyed)
    const column = columns.find(
      (one) => !/_ms$|kind|number|not_|seconds|active|identity$/.test(one),
    )
    const changed = column ?? 'created_at_ms'
    add(
      `a changed row of ${table}`,
      new RegExp(`^the row \\[.*\\] of ${table} was changed: ${changed}$`),
      `update ${table} set ${changed} = ${column === undefined ? 1 : "'x'"}`,
    )
    add(
      `a removed row of ${table}`,
      new RegExp(`^the row \\[.*\\] of ${table} was removed$`),
      `delete from ${table}`,
    )
    add(
      `a row of ${table} under another key`,
      new RegExp(`^the row \\[.*\\] of ${table} was added$`),
      `update ${table} set ${keyed} = ${numeric ? 1 : "'y'"} where ${keyed} = (select min(${keyed}) from ${table})`,
    )
  }
  add(
    'a changed leaf',
    /^leaf 20 of the record was changed$/,
    'update record_leaves set entry = ? where leaf_number = 20',
  )
  add(
    'a changed state of a leaf',
    /^leaf 1 of the record was changed$/,
    "update record_leaves set state = 'x=-' where leaf_number = 1",
  )
  add(
    'a removed leaf',
    /^leaf 20 of the record was removed$/,
    'delete from record_leaves where leaf_number = 20',
  )
  add(
    'the last leaf removed',
    /^leaf \d+ of the record was removed$/,
    'delete from record_leaves where leaf_number = (select max(leaf_number) from record_leaves)',
  )
  add(
    'a leaf before the first',
    /^leaf -1 of the record was added$/,
    'insert into record_leaves (leaf_number, entry) select -1, entry from record_leaves where leaf_number = 20',
  )
  add(
    'a leaf after a gap',
    /^leaf \d+ of the record was removed$/,
    'insert into record_leaves (leaf_number, entry) select max(leaf_number) + 5, ? from record_leaves',
  )
  add(
    'exchanged leaves',
    /^leaf 20 of the record was moved: its position is 30$/,
    'update record_leaves set leaf_number = -5 where leaf_number = 20',
    'update record_leaves set leaf_number = 20 where leaf_number = 30',
    'update record_leaves set leaf_number = 30 where leaf_number = -5',
  )
  const changeTile = (
    name: string,
    pattern: RegExp,
    [level, number]: readonly [number, number],
  ): void => {
    cases[name] = [
      async (query) => {
        const condition = `where tile_level = ${level} and tile_number = ${number}`
        const [row] = await query(`select hashes from record_tiles ${condition}`)
        const hashes = Uint8Array.from(row?.['hashes'] as Uint8Array)
        hashes[3] = (hashes[3] ?? 0) ^ 1
        await query(`update record_tiles set hashes = ? ${condition}`, hashes)
      },
      pattern,
    ]
  }
  changeTile('a changed full tile', /^the tile 0\/000 of the record was changed/, [0, 0])
  changeTile('a changed last tile', /^the tile 0\/001\.p\/\d+ of the record was changed/, [0, 1])
  changeTile('a changed upper tile', /^the tile 1\/000\.p\/1 of the record was changed/, [1, 0])
  add(
    'a removed tile',
    /^the tile 0\/000 of the record was removed/,
    'delete from record_tiles where tile_level = 0 and tile_number = 0',
  )
  add(
    'an added tile',
    /^the tile 0\/9 of the record was added/,
    `insert into record_tiles select 0, 9, hashes from record_tiles where tile_level = 1`,
  )
  add(
    'a changed checkpoint',
    /^the checkpoint of the record was altered/,
    "update record_checkpoint set note = replace(note, '=', 'A')",
  )
  add(
    'another size of the checkpoint',
    /size|checkpoint/,
    'update record_checkpoint set tree_size = tree_size - 1',
  )
  add(
    'a removed checkpoint',
    /^the checkpoint of the record was removed/,
    'delete from record_checkpoint',
  )
  add(
    'a removed key',
    /^the key or the name of the record was removed/,
    "delete from keys where name = 'record'",
  )

  for (const [name, [alter, pattern]] of Object.entries(cases))
    test(name, async () => {
      await withAlteredData(service, alter, async (data) => {
        const { code, stdout } = await run(data, 'verify')
        const { Problems } = JSON.parse(stdout)
        assert.equal(code, 1)
        assert.ok(
          Problems.some((problem: string) => pattern.test(problem)),
          `${pattern} in ${JSON.stringify(Problems.slice(0, 10))}`,
        )
      })
    })
})
