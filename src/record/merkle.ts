/** Hashes of a Merkle tree (RFC 6962, 2.1). All hashes are 32-byte SHA-256 values. */
import { hash } from 'node:crypto'

export const hashBytes = 32

const leafPrefix = 0
const nodePrefix = 1

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}

/** Returns the hash of a leaf's data. */
export function leafHash(data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + data.length)
  bytes[0] = leafPrefix
  bytes.set(data, 1)
  return sha256(bytes)
}

/** Returns the hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 2 * hashBytes)
  bytes[0] = nodePrefix
  bytes.set(left, 1)
  bytes.set(right, 1 + hashBytes)
  return sha256(bytes)
}

/** Returns the root of the empty tree: the hash of zero bytes. */
export function emptyRoot(): Buffer {
  return sha256(new Uint8Array())
}

/** Returns the root of a tree over the hashes of its leaves. */
export function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes
  if (level.length === 0) return emptyRoot()
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let at = 0; at + 1 < level.length; at += 2)
      next.push(nodeHash(level[at] as Uint8Array, level[at + 1] as Uint8Array))
    // A node without a sibling moves up unchanged, which gives the tree the shape that RFC 6962 defines.
    if (level.length % 2 === 1) next.push(level.at(-1) as Uint8Array)
    level = next
  }
  return level[0] as Uint8Array
}

/** Splits concatenated hashes into a list. Throws RangeError if the total length is not a multiple of 32. */
export function splitHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % hashBytes !== 0)
    throw new RangeError(`${bytes.length} bytes are not a list of hashes of ${hashBytes} bytes`)
  return Array.from({ length: bytes.length / hashBytes }, (_, at) =>
    bytes.subarray(at * hashBytes, (at + 1) * hashBytes),
  )
}

export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
