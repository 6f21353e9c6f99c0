import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { signCheckpoint } from '../../src/record/checkpoint.ts'
import { encodeLeaf } from '../../src/record/leaf.ts'
import { leafHash, nodeHash } from '../../src/record/merkle.ts'
import { noteVerifier } from '../../src/record/note.ts'
import { verifierText } from '../../src/record/note-text.ts'
import type { RecordEntry, RecordEntryOutput } from '../api/types.ts'
import {
  RecordMismatch,
  hashOf,
  verifyCheckpoint,
  verifyContinuation,
  verifyEntry,
  verifyMembers,
} from './verify.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const verifier = noteVerifier('log', publicKey.export({ format: 'der', type: 'spki' }))
const leaves = ['a', 'b'].map((principal) =>
  encodeLeaf({ kind: 'event', time: new Date(1000), principal, detail: '{}' }),
)
const [first, second] = leaves.map(leafHash) as [Buffer, Buffer]
const root = nodeHash(first, second)
const note = signCheckpoint({ size: 2, root }, verifier, privateKey)
const Key = verifierText(verifier)
const output = {
  LeafData: Buffer.from(leaves[0] as Uint8Array).toString('base64'),
  Checkpoint: note,
  Key,
  TreeSize: 2,
  InclusionProof: [second.toString('base64')],
} as unknown as RecordEntryOutput
const mismatch = (pattern: RegExp) => (error: Error) =>
  error instanceof RecordMismatch && pattern.test(error.message)

test('a checkpoint is accepted only with a valid signature by its key', async () => {
  const tree = await verifyCheckpoint({ Checkpoint: note, Key })
  assert.equal(tree.size, 2)
  assert.deepEqual(Buffer.from(tree.root), root)
  const forged = note.replace('\n2\n', '\n3\n')
  await assert.rejects(
    verifyCheckpoint({ Checkpoint: forged, Key }),
    mismatch(/signature of the checkpoint is invalid/),
  )
  await assert.rejects(
    verifyCheckpoint({ Checkpoint: 'x', Key }),
    mismatch(/The checkpoint: the note has no signatures/),
  )
  await assert.rejects(
    verifyCheckpoint({ Checkpoint: note, Key: 'x' }),
    mismatch(/the key must be/),
  )
})

test('an entry is verified by its proof, and its listed members by its data', async () => {
  const tree = await verifyCheckpoint(output)
  assert.equal(verifyEntry(output, 0, tree)?.principal, 'a')
  assert.equal(verifyEntry(output, 2, tree), undefined)
  const LeafData = Buffer.from(leaves[1] as Uint8Array).toString('base64')
  assert.throws(() => verifyEntry({ ...output, LeafData }, 0, tree), mismatch(/Entry 0 is not/))
  assert.throws(
    () => verifyEntry({ ...output, Problem: 'no tile' }, 0, tree),
    mismatch(/^no tile$/),
  )
  const listed: RecordEntry = {
    Index: 0,
    Time: 1,
    Kind: 'event',
    Principal: 'a',
    Detail: '{}',
    LeafHash: hashOf(output),
  }
  verifyMembers(listed, output)
  for (const changed of [{ Principal: 'b' }, { Host: 'x' }, { LeafHash: '' }, { Time: 2 }])
    assert.throws(
      () => verifyMembers({ ...listed, ...changed }, output),
      mismatch(/listed values of entry \d+ differ/),
    )
  assert.throws(() => verifyMembers(listed, { ...output, LeafData: 'AA==' }), mismatch(/malformed/))
})

test('a record that was replaced, shortened or rewritten does not continue the earlier one', async () => {
  const tree = await verifyCheckpoint(output)
  const earlier = { key: Key, size: 1, root: first }
  verifyContinuation(earlier, tree, { ConsistencyProof: [second.toString('base64')] })
  assert.throws(
    () => verifyContinuation(earlier, tree, {}),
    mismatch(/no longer begins with the 1/),
  )
  assert.throws(
    () =>
      verifyContinuation({ ...earlier, root: second }, tree, {
        ConsistencyProof: [second.toString('base64')],
      }),
    mismatch(/no longer begins/),
  )
  assert.throws(
    () => verifyContinuation({ ...earlier, size: 3 }, tree, {}),
    mismatch(/has 2 entries/),
  )
  assert.throws(
    () => verifyContinuation({ ...earlier, key: 'x' }, tree, {}),
    mismatch(/was replaced/),
  )
})
