/** Tests of a running server's record: leaves, checkpoints and proofs. */
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { after, before, test } from 'node:test'
import { openCheckpoint } from '../../../src/record/checkpoint.ts'
import { leafHash } from '../../../src/record/merkle.ts'
import { parseVerifier } from '../../../src/record/note.ts'
import { verifyInclusion } from '../../../src/record/proofs.ts'
import { csr } from '../../support/csrs.ts'
import { createRoot, issue } from '../../support/hierarchy.ts'
import { command } from '../../support/process.ts'
import {
  allPublished,
  crlBucket,
  lastOf,
  revocationOptions,
  revoke,
} from '../../support/revocation.ts'
import { TestService, type Members } from '../../support/service.ts'

let service: TestService
let root: Awaited<ReturnType<typeof createRoot>>
const serials: string[] = []

before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  root = await createRoot(service, { more: revocationOptions() })
  // A number of leaves that fills more than one tile.
  for (let batch = 0; batch < 30; batch += 1) {
    const issued = await Promise.all(
      Array.from({ length: 10 }, () => issue(service, { arn: root.arn, csr: csr('ec-server') })),
    )
    serials.push(...issued.map(({ arn }) => lastOf(arn)))
  }
  await revoke(service, `${root.arn}/certificate/${serials[0]}`)
  await revoke(service, `${root.arn}/certificate/${serials[1]}`)
  await allPublished(service)
  await must('user', 'create', 'alice', '--tag', 'team=web')
  await service.runJob('seal-record')
})
after(() => service.close())

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
