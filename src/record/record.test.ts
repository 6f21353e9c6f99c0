import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { decodeDigestedRows, encodeDigestedRows } from './digested-rows.ts'
import { edgeTiles, growTree, rootOfEdge, type TreeEdge } from './grow-tree.ts'
import { decodeLeaf, encodeLeaf, LeafError, withState, type Leaf } from './leaf.ts'
import { leafHash, treeHash } from './merkle.ts'
import { NoteError, noteVerifier, openNote, parseVerifier, signNote } from './note.ts'
import { verifierText } from './note-text.ts'
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
  type HashReader,
} from './proofs.ts'
import {
  hashesAt,
  parseTilePath,
  subtreeHash,
  tileOf,
  tilePath,
  tileWidth,
  widthOf,
} from './tiles.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const hashesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => leafHash(Buffer.from(String(index))))

/** Computes hashes of complete subtrees from the leaf hashes. */
const readerOf =
  (hashes: readonly Uint8Array[]): HashReader =>
  ({ level, index }) =>
    Promise.resolve(treeHash(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level)))

const size = fc.integer({ min: 1, max: 600 })

test('the roots of the test vectors of RFC 6962 implementations', () => {
  // The test values come from https://github.com/transparency-dev/merkle/blob/main/testonly/constants.go.
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  ]
  assert.equal(
    hex(treeHash([])),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  const hashes = leaves.map((leaf) => leafHash(Buffer.from(leaf, 'hex')))
  for (const [index, root] of roots.entries())
    assert.equal(hex(treeHash(hashes.slice(0, index + 1))), root)
})

test('each inclusion proof verifies, and none for another leaf, index, size or root', async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.nat(), async (count, at, other) => {
      const hashes = hashesOf(count)
      const index = at % count
      const tree = { size: count, root: treeHash(hashes) }
      const proof = await inclusionProof(index, count, readerOf(hashes))
      const hash = hashes[index] ?? assert.fail()
      assert.ok(verifyInclusion({ index, hash }, tree, proof))
      const wrong = other % count
      if (wrong !== index) {
        assert.equal(verifyInclusion({ index: wrong, hash }, tree, proof), false)
        const wrongHash = hashes[wrong] ?? assert.fail()
        assert.equal(verifyInclusion({ index, hash: wrongHash }, tree, proof), false)
      }
      assert.equal(
        verifyInclusion({ index, hash }, { ...tree, root: hash.map((b) => b ^ 1) }, proof),
        false,
      )
      assert.equal(verifyInclusion({ index, hash }, tree, [...proof, hash]), false)
      if (proof.length > 0)
        assert.equal(verifyInclusion({ index, hash }, tree, proof.slice(1)), false)
      assert.equal(verifyInclusion({ index: count, hash }, tree, proof), false)
    }),
    { numRuns: 200 },
  )
})

test('each consistency proof verifies, and none for another root', async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), async (count, at) => {
      const hashes = hashesOf(count)
      const earlierSize = at % (count + 1)
      const earlier = { size: earlierSize, root: treeHash(hashes.slice(0, earlierSize)) }
      const later = { size: count, root: treeHash(hashes) }
      const proof = await consistencyProof(earlierSize, count, readerOf(hashes))
      assert.ok(verifyConsistency(earlier, later, proof))
      const otherRoot = leafHash(Buffer.from('other'))
      assert.equal(verifyConsistency({ ...earlier, root: otherRoot }, later, proof), false)
      if (earlierSize > 0)
        assert.equal(verifyConsistency(earlier, { ...later, root: otherRoot }, proof), false)
      assert.equal(verifyConsistency(earlier, later, [...proof, otherRoot]), false)
    }),
    { numRuns: 200 },
  )
})

test('a tree that grows in steps has the tiles and the root of the whole tree', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
      async (steps) => {
        const hashes = hashesOf(steps.reduce((sum, step) => sum + step, 0))
        const stored = new Map<string, readonly Uint8Array[]>()
        let count = 0
        for (const step of steps) {
          const edge: TreeEdge = edgeTiles(count).map((tile) =>
            hashesAt(tile.level, count) % tileWidth === 0
              ? []
              : (stored.get(tilePath(tile, tileWidth)) ?? assert.fail()),
          )
          const grown = await growTree(count, edge, hashes.slice(count, count + step))
          for (const { hashes: own, ...tile } of grown.tiles)
            stored.set(tilePath(tile, tileWidth), own)
          count += step
          assert.deepEqual(
            [grown.size, hex(grown.root)],
            [count, hex(treeHash(hashes.slice(0, count)))],
          )
        }
        const read: HashReader = (subtree) =>
          Promise.resolve(
            subtreeHash(subtree, stored.get(tilePath(tileOf(subtree).tile, tileWidth)) ?? []),
          )
        const index = count >> 1
        assert.deepEqual(
          await inclusionProof(index, count, read),
          (await inclusionProof(index, count, readerOf(hashes))).map((hash) => Buffer.from(hash)),
        )
        const edge = edgeTiles(count).map((tile) => stored.get(tilePath(tile, tileWidth)) ?? [])
        assert.equal(hex(await rootOfEdge(count, edge)), hex(treeHash(hashes)))
      },
    ),
    { numRuns: 30 },
  )
})

test('paths of tiles are those of C2SP tlog-tiles, and each parses to its tile', () => {
  assert.equal(tilePath({ level: 0, number: 1_234_067 }, 256), 'tile/0/x001/x234/067')
  assert.equal(tilePath({ level: 1, number: 5 }, 17), 'tile/1/005.p/17')
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 0, max: 10 ** 12 }),
      fc.integer({ min: 1, max: 256 }),
      (level, number, width) => {
        const path = tilePath({ level, number }, width)
        assert.deepEqual(parseTilePath(path), { level, number, width, isPartial: width < 256 })
      },
    ),
  )
  for (const path of [
    'tile/0/5',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/x000/000',
    'tile/data/000',
    'tile/60/000',
    'tile/entries/000',
    'tile/00/000',
    'tile/0/001/000',
    'tile/0/../000',
  ])
    assert.equal(parseTilePath(path), undefined, path)
  assert.equal(widthOf({ level: 0, number: 1 }, 300), 44)
  assert.equal(widthOf({ level: 0, number: 2 }, 300), 0)
})

// The key in test 1 of RFC 8032, in PKCS #8 form.
const privateKey = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b657004220420' +
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
})
const verifier = noteVerifier(
  'example.com/log',
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
)

test('a signed note opens with its key only, and no changed note opens', () => {
  const note = signNote('a text\nof two lines\n', verifier, privateKey)
  assert.equal(openNote(note, verifier), 'a text\nof two lines\n')
  assert.deepEqual(parseVerifier(verifierText(verifier)).id, verifier.id)
  const cosigned = `${note}— witness.example d2l0bmVzcw==\n`
  assert.equal(openNote(cosigned, verifier), 'a text\nof two lines\n')
  assert.throws(() => openNote(note, { ...verifier, name: 'other' }), NoteError)
  fc.assert(
    fc.property(fc.nat(note.length - 2), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const code = note.charCodeAt(at)
      const changed = note.slice(0, at) + String.fromCharCode(code ^ change) + note.slice(at + 1)
      try {
        assert.equal(openNote(changed, verifier), 'a text\nof two lines\n')
      } catch (error) {
        assert.ok(error instanceof NoteError, String(error))
      }
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.throws(() => openNote(text, verifier), NoteError)
      assert.throws(() => parseVerifier(text), NoteError)
    }),
  )
})

test('a checkpoint has the size and the root of its tree', () => {
  const tree = { size: 20, root: leafHash(Buffer.from('x')) }
  const note = signCheckpoint(tree, verifier, privateKey)
  assert.deepEqual(openCheckpoint(note, verifier), tree)
  for (const text of ['example.com/log\n-1\n', 'example.com/log\n01\nAAAA\n', 'other\n1\n'])
    assert.throws(() => openCheckpoint(signNote(text, verifier, privateKey), verifier), NoteError)
})

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const leaf: fc.Arbitrary<Leaf> = fc.record(
  {
    kind: fc.constantFrom('certificate' as const, 'change' as const, 'event' as const),
    time: fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
    authority: fc.nat(),
    serialNumber: bytesOf(16),
    sha256: bytesOf(32),
    principal: fc.string({ unit: 'grapheme', maxLength: 300 }),
    detail: fc.string({ maxLength: 20_000 }),
    key: fc.string(),
  },
  { requiredKeys: ['kind', 'time'] },
)

test('a leaf decodes to what was encoded, also with a separate state', () => {
  fc.assert(
    fc.property(
      leaf,
      fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      (one, state) => {
        const data = withState(encodeLeaf(one), state)
        const expected = { ...one, ...(state !== undefined && { state }) }
        assert.deepEqual(decodeLeaf(data), expected)
        assert.deepEqual(Buffer.from(encodeLeaf(expected)), Buffer.from(data))
      },
    ),
  )
})

test('bytes of another form than a leaf are refused, and a leaf has one encoding', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), leaf.map(encodeLeaf)), fc.nat(), (bytes, at) => {
      const changed = Uint8Array.from(bytes)
      if (changed.length > 0) changed[at % changed.length] = at % 256
      try {
        assert.deepEqual(Buffer.from(encodeLeaf(decodeLeaf(changed))), Buffer.from(changed))
      } catch (error) {
        assert.ok(error instanceof LeafError, String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('the digests of rows decode to what was encoded', () => {
  const row = fc.record(
    { number: fc.maxSafeInteger(), digest: bytesOf(16) },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      assert.deepEqual(
        decodeDigestedRows(encodeDigestedRows(rows)).map(({ number, digest }) => ({
          number,
          digest: Uint8Array.from(digest),
        })),
        rows,
      )
    }),
  )
  assert.throws(() => decodeDigestedRows(new Uint8Array(5)), RangeError)
})
