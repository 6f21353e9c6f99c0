/** Computes the tiles that change when leaves are added to a tree. */
import { treeHash } from './merkle.ts'
import { rootAt, type HashReader } from './proofs.ts'
import { hashesAt, subtreeHash, tileOf, tileWidth, type TileName } from './tiles.ts'

/** The hashes in the last, incomplete tile at each level; an empty list if the last tile is full or missing. */
export type TreeEdge = readonly (readonly Uint8Array[])[]

interface GrownTree {
  readonly size: number
  readonly root: Uint8Array
  /** New tiles, and tiles that contain more hashes than before. */
  readonly tiles: readonly (TileName & { readonly hashes: readonly Uint8Array[] })[]
}

/** Returns the names of a tree's incomplete tiles, one for each level that has hashes. */
export function edgeTiles(size: number): TileName[] {
  const tiles: TileName[] = []
  for (let level = 0; hashesAt(level, size) > 0; level += 1)
    tiles.push({ level, number: Math.floor(hashesAt(level, size) / tileWidth) })
  return tiles
}

/** Computes the root of a tree from its edge. Rejects with RangeError if the edge lacks hashes. */
export function rootOfEdge(size: number, edge: TreeEdge): Promise<Uint8Array> {
  const read: HashReader = (subtree) => {
    const { tile } = tileOf(subtree)
    return Promise.resolve(subtreeHash(subtree, edge[tile.level] ?? []))
  }
  return rootAt(size, read)
}

/** Appends the hashes of new leaves to a tree of `size` leaves. */
export async function growTree(
  size: number,
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): Promise<GrownTree> {
  const tiles: (TileName & { readonly hashes: readonly Uint8Array[] })[] = []
  const nextEdge: (readonly Uint8Array[])[] = []
  let added = leafHashes
  for (let level = 0; added.length > 0 || level < edge.length; level += 1) {
    let hashes = [...(edge[level] ?? []), ...added]
    let number = Math.floor(hashesAt(level, size) / tileWidth)
    const completed: Uint8Array[] = []
    const hasGrown = added.length > 0
    while (hashes.length >= tileWidth) {
      const full = hashes.slice(0, tileWidth)
      tiles.push({ level, number, hashes: full })
      completed.push(treeHash(full))
      hashes = hashes.slice(tileWidth)
      number += 1
    }
    if (hasGrown && hashes.length > 0) tiles.push({ level, number, hashes })
    nextEdge.push(hashes)
    added = completed
  }
  const grown = size + leafHashes.length
  return { size: grown, root: await rootOfEdge(grown, nextEdge), tiles }
}
