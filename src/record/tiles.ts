/** Tiles of a Merkle tree (C2SP tlog-tiles), each with 256 hashes; one level of tiles covers eight levels of the tree. */
import { treeHash } from './merkle.ts'
import type { Subtree } from './proofs.ts'

const tileHeight = 8
/** Number of hashes in a full tile. */
export const tileWidth = 2 ** tileHeight

/** A tile, in which hash `i` is the root of the complete subtree `number * 256 + i` with 256 ** level leaves. */
export interface TileName {
  readonly level: number
  readonly number: number
}

/** Returns the number of hashes at level `level` in a tree with `size` leaves. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** Returns the number of hashes in a tile of a tree with `size` leaves. */
export function widthOf({ level, number }: TileName, size: number): number {
  return Math.max(0, Math.min(tileWidth, hashesAt(level, size) - number * tileWidth))
}

/** Returns the number of tile levels in a tree with `size` leaves. */
export function levelsOf(size: number): number {
  let level = 0
  while (hashesAt(level, size) > 0) level += 1
  return level
}

/** Returns the tile that contains the hash of a complete subtree, and the position of the subtree's hashes in the tile. */
export function tileOf({ level, index }: Subtree): {
  readonly tile: TileName
  readonly from: number
  readonly count: number
} {
  const tileLevel = Math.floor(level / tileHeight)
  const count = 2 ** (level % tileHeight)
  const first = index * count
  const tile = { level: tileLevel, number: Math.floor(first / tileWidth) }
  return { tile, from: first % tileWidth, count }
}

/**
 * Computes the hash of a complete subtree from the hashes in its tile. Throws RangeError for a tile that lacks the
 * required hashes.
 */
export function subtreeHash(subtree: Subtree, hashes: readonly Uint8Array[]): Uint8Array {
  const { tile, from, count } = tileOf(subtree)
  const members = hashes.slice(from, from + count)
  if (members.length < count)
    throw new RangeError(`${tilePath(tile, hashes.length)} lacks hashes ${from} to ${from + count}`)
  return treeHash(members)
}

/** Returns the path of a tile below the log's URL: `tile/0/x001/234`, or `tile/0/x001/234.p/17` for a partial tile. */
export function tilePath({ level, number }: TileName, width: number): string {
  const digits = String(number)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/.{3}/g) ?? []
  const name = parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${level}/${name}${width < tileWidth ? `.p/${width}` : ''}`
}

const pathForm = /^tile\/(\d|[1-5]\d)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Parses the path of a hash tile; undefined for any other path, including the path of a leaf tile. */
export function parseTilePath(
  path: string,
): (TileName & { readonly width: number; readonly isPartial: boolean }) | undefined {
  const [, level, name = '', partial] = pathForm.exec(path) ?? []
  if (level === undefined) return undefined
  const number = Number(name.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? tileWidth : Number(partial)
  const tile = { level: Number(level), number }
  const isCanonical = tilePath(tile, width) === path && width <= tileWidth
  return isCanonical ? { ...tile, width, isPartial: partial !== undefined } : undefined
}
