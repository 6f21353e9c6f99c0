/** Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2; verification as in RFC 9162, 2.1.3 and 2.1.4). */
import { emptyRoot, isSameHash, nodeHash } from './merkle.ts'

/** A complete subtree, which covers the leaves from `index * 2 ** level` to `(index + 1) * 2 ** level - 1`. */
export interface Subtree {
  readonly level: number
  readonly index: number
}

/** Returns the hash of a complete subtree. */
export type HashReader = (subtree: Subtree) => Promise<Uint8Array>

/** A range of leaves from `start` to `end - 1`. */
interface Range {
  readonly start: number
  readonly end: number
}

/**
 * Returns the complete subtrees that make up a range of leaves, from left to right. `start` must be a multiple of the size
 * of the largest subtree.
 */
function subtreesOf({ start, end }: Range): Subtree[] {
  const subtrees: Subtree[] = []
  let at = start
  while (at < end) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1
    subtrees.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

/** Returns the root of the tree with the first `size` leaves. */
export async function rootAt(size: number, read: HashReader): Promise<Uint8Array> {
  return size === 0 ? emptyRoot() : rangeHash({ start: 0, end: size }, read)
}

async function rangeHash(range: Range, read: HashReader): Promise<Uint8Array> {
  const subtrees = subtreesOf(range).toReversed()
  let hash: Uint8Array | undefined
  for (const subtree of subtrees) {
    const left = await read(subtree)
    hash = hash === undefined ? left : nodeHash(left, hash)
  }
  if (hash === undefined) throw new RangeError('a range without leaves has no hash')
  return hash
}

/** Returns the size of the left subtree, which is the largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Returns the proof that leaf `index` is in the tree with `size` leaves. Throws RangeError for an index outside the tree. */
export async function inclusionProof(
  index: number,
  size: number,
  read: HashReader,
): Promise<Uint8Array[]> {
  if (index < 0 || index >= size)
    throw new RangeError(`the tree of ${size} leaves has no leaf ${index}`)
  const siblings: Range[] = []
  let range: Range = { start: 0, end: size }
  while (range.end - range.start > 1) {
    const middle: number = range.start + splitOf(range.end - range.start)
    const left = { start: range.start, end: middle }
    const right = { start: middle, end: range.end }
    siblings.push(index < middle ? right : left)
    range = index < middle ? left : right
  }
  return Promise.all(siblings.toReversed().map((sibling) => rangeHash(sibling, read)))
}

/**
 * Returns the proof that the tree with `size` leaves begins with the tree of `earlier` leaves. The proof is empty if
 * `earlier` is 0 or `size`.
 */
export async function consistencyProof(
  earlier: number,
  size: number,
  read: HashReader,
): Promise<Uint8Array[]> {
  if (earlier < 0 || earlier > size)
    throw new RangeError(`a tree of ${size} leaves cannot contain a tree of ${earlier} leaves`)
  if (earlier === 0 || earlier === size) return []
  const ranges: Range[] = []
  let range: Range = { start: 0, end: size }
  let isWhole = true
  while (range.end !== earlier) {
    const middle: number = range.start + splitOf(range.end - range.start)
    if (earlier <= middle) {
      ranges.push({ start: middle, end: range.end })
      range = { start: range.start, end: middle }
    } else {
      ranges.push({ start: range.start, end: middle })
      range = { start: middle, end: range.end }
      isWhole = false
    }
  }
  if (!isWhole) ranges.push(range)
  return Promise.all(ranges.toReversed().map((each) => rangeHash(each, read)))
}

export interface Tree {
  readonly size: number
  readonly root: Uint8Array
}

/** Verifies an inclusion proof. Returns false for a proof that does not lead from the leaf to the root. */
export function verifyInclusion(
  leaf: { readonly index: number; readonly hash: Uint8Array },
  { size, root }: Tree,
  proof: readonly Uint8Array[],
): boolean {
  if (leaf.index < 0 || leaf.index >= size) return false
  let node = leaf.index
  let last = size - 1
  let { hash } = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else hash = nodeHash(hash, sibling)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && isSameHash(hash, root)
}

/** Verifies that the tree `later` begins with the tree `earlier`. */
export function verifyConsistency(
  earlier: Tree,
  later: Tree,
  proof: readonly Uint8Array[],
): boolean {
  if (earlier.size > later.size) return false
  if (earlier.size === later.size) return proof.length === 0 && isSameHash(earlier.root, later.root)
  if (earlier.size === 0) return proof.length === 0 && isSameHash(earlier.root, emptyRoot())
  let node = earlier.size - 1
  let last = later.size - 1
  while (node % 2 === 1) {
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  const path = node === 0 ? [earlier.root, ...proof] : [...proof]
  const first = path.shift()
  if (first === undefined) return false
  let oldHash = first
  let newHash = first
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash)
      newHash = nodeHash(sibling, newHash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else newHash = nodeHash(newHash, sibling)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && isSameHash(oldHash, earlier.root) && isSameHash(newHash, later.root)
}
