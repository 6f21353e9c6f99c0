/** Creates checkpoints: adds new leaves to the tree, and signs the tree's size and root. */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { openCheckpoint, signCheckpoint } from '../record/checkpoint.ts'
import { edgeTiles, growTree, rootOfEdge, type TreeEdge } from '../record/grow-tree.ts'
import { isSameHash, leafHash } from '../record/merkle.ts'
import type { NoteVerifier } from '../record/note.ts'
import { hashesAt, tileWidth } from '../record/tiles.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { readLeaves } from '../store/leaves.ts'
import { findCheckpoint, findTile, putCheckpoint, putTile } from '../store/tiles.ts'

/** Maximum number of leaves that a checkpoint adds. A transaction therefore contains at most 2 MiB of tiles. */
const leavesMax = 65_536
const pageLeaves = 1000

/** Thrown if the leaves, tiles and checkpoint do not match, which means that the record was altered. */
export class RecordAlteredError extends Error {
  override name = 'RecordAlteredError'

  constructor(reason: string) {
    super(`${reason}; the record was altered. "signet verify" names the altered rows`)
  }
}

export interface Sealing {
  readonly db: Database
  readonly clock: Clock
  readonly verifier: NoteVerifier
  readonly privateKey: KeyObject
  /** Largest tree size that this process has seen in a checkpoint. */
  seen: number
}

/**
 * Adds waiting leaves to the tree and signs a checkpoint. Resolves to the number of added leaves. If the stored tree does not
 * match the last checkpoint, the function signs nothing and throws RecordAlteredError. If two nodes call this function
 * concurrently, only one of them adds leaves.
 */
export async function sealLeaves(sealing: Sealing): Promise<number> {
  const { db, clock, verifier, privateKey } = sealing
  const checkpoint = await findCheckpoint(db)
  if (checkpoint === undefined) throw new RecordAlteredError('the checkpoint was removed')
  const { size } = checkpoint
  if (size < sealing.seen)
    throw new RecordAlteredError(
      `the checkpoint has ${size} leaves, but previously had ${sealing.seen}`,
    )
  sealing.seen = size
  const hashes = await waitingHashes(db, size)
  if (hashes.length === 0) return 0
  const edge = await readEdge(db, size)
  await requireSigned(checkpoint.note, verifier, { size, edge })
  const grown = await growTree(size, edge, hashes)
  const note = signCheckpoint(grown, verifier, privateKey)
  try {
    await db.transaction([
      putCheckpoint({ size: grown.size, note, signedAt: clock.now() }, size),
      ...grown.tiles.map(putTile),
    ])
  } catch (error) {
    if (error instanceof ConflictError) return 0
    throw error
  }
  return hashes.length
}

async function waitingHashes(db: Database, size: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  for (;;) {
    const leaves = await readLeaves(db, size + hashes.length, pageLeaves)
    for (const { number, data } of leaves) {
      if (number !== size + hashes.length)
        throw new RecordAlteredError(`leaf ${size + hashes.length} is missing`)
      hashes.push(leafHash(data))
    }
    if (leaves.length < pageLeaves || hashes.length >= leavesMax) return hashes
  }
}

async function readEdge(db: Database, size: number): Promise<TreeEdge> {
  const edge: (readonly Uint8Array[])[] = []
  for (const tile of edgeTiles(size)) {
    const count = hashesAt(tile.level, size) % tileWidth
    const hashes = count === 0 ? [] : await findTile(db, tile)
    if (hashes?.length !== count)
      throw new RecordAlteredError(
        `the last tile of level ${tile.level} does not match a tree of ${size} leaves`,
      )
    edge.push(hashes)
  }
  return edge
}

async function requireSigned(
  note: string,
  verifier: NoteVerifier,
  { size, edge }: { readonly size: number; readonly edge: TreeEdge },
): Promise<void> {
  const signed = openCheckpoint(note, verifier)
  if (signed.size !== size || !isSameHash(signed.root, await rootOfEdge(size, edge)))
    throw new RecordAlteredError('the tiles do not match the root in the last checkpoint')
}
