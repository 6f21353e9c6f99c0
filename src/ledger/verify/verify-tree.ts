/** Verifies the record's leaves, tiles and checkpoint. */
import { openCheckpoint } from '../../record/checkpoint.ts'
import { edgeTiles, rootOfEdge } from '../../record/grow-tree.ts'
import { isSameHash, leafHash, splitHashes, treeHash } from '../../record/merkle.ts'
import type { NoteVerifier } from '../../record/note.ts'
import type { Tree } from '../../record/proofs.ts'
import {
  hashesAt,
  levelsOf,
  tilePath,
  tileWidth,
  widthOf,
  type TileName,
} from '../../record/tiles.ts'
import { bytesOf, integerOf } from '../../store/columns.ts'
import { selectLeavesAfter, storedLeafOf, type StoredLeaf } from '../../store/leaves.ts'
import { rowsOf } from '../../store/snapshot.ts'
import type { Row, Sql } from '../../store/sql.ts'
import { findCheckpoint, selectTiles } from '../../store/tiles.ts'

/** Reads from a single snapshot of the database. */
export type Read = (statement: Sql) => Promise<Row[]>

/** Receives a sentence that identifies an altered row. */
export type AddProblem = (problem: string) => void

export interface TreeFindings {
  /** Size of the checkpoint's tree. */
  readonly size: number
  readonly signedAt: Date | undefined
  /** Number of leaves that no checkpoint covers yet. */
  readonly waiting: number
}

const pageTiles = 32

/** A level-0 tile whose stored hashes differ from the hashes of the leaves. */
interface Difference {
  readonly number: number
  readonly stored: readonly Uint8Array[]
  readonly computed: readonly (Uint8Array | undefined)[]
}

/**
 * Reads every leaf and every tile once. `onLeaves` receives all leaves in order, including altered leaves. The reported
 * problems identify altered leaves and tiles.
 */
export async function verifyTree(
  read: Read,
  verifier: NoteVerifier | undefined,
  { problem, onLeaves }: { problem: AddProblem; onLeaves: (leaves: StoredLeaf[]) => Promise<void> },
): Promise<TreeFindings> {
  const checkpoint = await findCheckpoint({ query: read })
  const tree = verifier && signedTree(checkpoint?.note, verifier, problem)
  if (tree !== undefined && tree.size !== checkpoint?.size)
    problem(
      'the checkpoint of the record was altered: the size in its row differs from the size in its note',
    )
  const size = tree?.size ?? checkpoint?.size ?? 0
  const stored = await readTiles(read, checkpoint === undefined ? undefined : size, problem)
  const differences: Difference[] = []
  const computedRoots: (Uint8Array | undefined)[] = []
  let computed: (Uint8Array | undefined)[] = []
  const finishTile = (): void => {
    const number = computedRoots.length
    const tile = stored.leafTile(number)
    const whole = computed.filter((hash) => hash !== undefined)
    computedRoots.push(whole.length === computed.length ? treeHash(whole) : undefined)
    const isSame = computed.every((hash, at) => isEqual(hash, tile[at]))
    if (!isSame || tile.length !== computed.length)
      differences.push({ number, stored: tile, computed })
    computed = []
  }
  const addHash = (hash: Uint8Array | undefined): void => {
    computed.push(hash)
    const position = computedRoots.length * tileWidth + computed.length
    if (computed.length === tileWidth || position === size) finishTile()
  }
  let next = 0
  const skipTo = (position: number): void => {
    for (; next < position; next += 1) {
      problem(`leaf ${next} of the record was removed`)
      if (next < size) addHash(undefined)
    }
  }
  for await (const page of rowsOf({ read }, selectLeavesAfter)) {
    const leaves = page.map(storedLeafOf)
    for (const { number, data } of leaves) {
      if (number < 0) {
        problem(`leaf ${number} of the record was added`)
        continue
      }
      skipTo(number)
      if (number < size) addHash(leafHash(data))
      next = number + 1
    }
    await onLeaves(leaves)
  }
  const length = next
  skipTo(size)
  await stored.check(tree, { differences, computedRoots })
  return { size, signedAt: checkpoint?.signedAt, waiting: Math.max(0, length - size) }
}

function signedTree(
  note: string | undefined,
  verifier: NoteVerifier,
  problem: AddProblem,
): Tree | undefined {
  if (note === undefined) return undefined
  try {
    return openCheckpoint(note, verifier)
  } catch (error) {
    problem(`the checkpoint of the record was altered: ${(error as Error).message}`)
    return undefined
  }
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && isSameHash(a, b)
}

/** Reads all tiles. Reports missing tiles, tiles outside the tree, and tiles with a wrong number of hashes. */
async function readTiles(
  read: Read,
  treeSize: number | undefined,
  problem: AddProblem,
): Promise<StoredTiles> {
  if (treeSize === undefined) return new StoredTiles([], 0, problem)
  const size = treeSize
  const levels: Uint8Array[][][] = Array.from({ length: levelsOf(size) }, () => [])
  for await (const page of rowsOf({ read }, selectTiles, pageTiles))
    for (const row of page) {
      const tile = { level: integerOf(row, 'tile_level'), number: integerOf(row, 'tile_number') }
      const bytes = bytesOf(row, 'hashes')
      const width = widthOf(tile, size)
      const level = levels[tile.level]
      if (tile.number < 0 || width === 0 || level === undefined) {
        problem(`the tile ${tile.level}/${tile.number} of the record was added`)
        continue
      }
      const isWhole = bytes.length % 32 === 0 && bytes.length / 32 === width
      if (!isWhole) problem(`${nameOf(tile, width)} of the record was changed: its length is wrong`)
      level[tile.number] = isWhole ? splitHashes(Buffer.from(bytes)) : []
    }
  for (const [level, tiles] of levels.entries())
    for (let number = 0; number * tileWidth < hashesAt(level, size); number += 1)
      if (tiles[number] === undefined) {
        problem(
          `${nameOf({ level, number }, widthOf({ level, number }, size))} of the record was removed`,
        )
        tiles[number] = []
      }
  return new StoredTiles(levels, size, problem)
}

function nameOf(tile: TileName, width: number): string {
  return `the tile ${tilePath(tile, width).slice('tile/'.length)}`
}

interface Computed {
  readonly differences: readonly Difference[]
  /** Root of each level-0 tile, computed from the leaves; undefined if a leaf is missing. */
  readonly computedRoots: readonly (Uint8Array | undefined)[]
}

/** The stored tiles of a tree with `size` leaves, by level and number. A missing tile is represented as an empty tile. */
class StoredTiles {
  readonly #levels: readonly (readonly (readonly Uint8Array[])[])[]
  readonly #size: number
  readonly #problem: AddProblem

  constructor(
    levels: readonly (readonly (readonly Uint8Array[])[])[],
    size: number,
    problem: AddProblem,
  ) {
    this.#levels = levels
    this.#size = size
    this.#problem = problem
  }

  leafTile(number: number): readonly Uint8Array[] {
    return this.#levels[0]?.[number] ?? []
  }

  /** Compares the levels with each other and the last tiles with the checkpoint, and reports altered tiles and leaves. */
  async check(tree: Tree | undefined, { differences, computedRoots }: Computed): Promise<void> {
    const isRootStored = await this.#hasRoot(tree, undefined)
    for (const difference of differences) await this.#judge(difference, { tree, isRootStored })
    let roots = computedRoots
    for (let level = 1; level < this.#levels.length; level += 1) {
      this.#checkLevel(level, roots)
      roots = rootsAbove(roots)
    }
    if (tree !== undefined && !isRootStored && differences.length === 0)
      this.#problem("the record's tiles do not match the root in its checkpoint")
  }

  /**
   * Returns whether the tiles have the same root as the checkpoint. If `lastTile` is given, its hashes replace those in the
   * last level-0 tile.
   */
  async #hasRoot(
    tree: Tree | undefined,
    lastTile: readonly Uint8Array[] | undefined,
  ): Promise<boolean> {
    if (tree === undefined) return false
    const edge = edgeTiles(this.#size).map(({ level, number }) =>
      level === 0 && lastTile !== undefined ? lastTile : (this.#levels[level]?.[number] ?? []),
    )
    try {
      return isSameHash(await rootOfEdge(this.#size, edge), tree.root)
    } catch {
      // Missing hashes in a tile have already been reported.
      return false
    }
  }

  /** Uses the level above or the checkpoint to determine whether the tile or its leaves were altered. */
  async #judge(
    { number, stored, computed }: Difference,
    { tree, isRootStored }: { readonly tree: Tree | undefined; readonly isRootStored: boolean },
  ): Promise<void> {
    const whole = computed.filter((hash) => hash !== undefined)
    const isWhole = whole.length === computed.length
    const parent = this.#levels[1]?.[Math.floor(number / tileWidth)]?.[number % tileWidth]
    const isTileRight =
      parent === undefined ? isRootStored : stored.length > 0 && isEqual(treeHash(stored), parent)
    const areLeavesRight =
      isWhole &&
      (parent === undefined ? await this.#hasRoot(tree, whole) : isEqual(treeHash(whole), parent))
    if (areLeavesRight) {
      if (stored.length > 0)
        this.#problem(`${nameOf({ level: 0, number }, computed.length)} of the record was changed`)
      return
    }
    for (const sentence of alteredLeaves({ number, stored, computed }))
      this.#problem(
        isTileRight ? sentence : `${sentence}, or the hash of the leaf in the tile was changed`,
      )
  }

  /** Checks that every hash in a level is the root of a tile in the level below. */
  #checkLevel(level: number, computedRoots: readonly (Uint8Array | undefined)[]): void {
    for (const [number, hashes] of (this.#levels[level] ?? []).entries()) {
      const isChanged = hashes.some((hash, at) => {
        const below = number * tileWidth + at
        const stored = this.#levels[level - 1]?.[below] ?? []
        const isStored = stored.length > 0 && isSameHash(treeHash(stored), hash)
        // If the tile below was altered, the alteration is reported at that level.
        return !isStored && !isEqual(computedRoots[below], hash) && stored.length > 0
      })
      if (isChanged)
        this.#problem(`${nameOf({ level, number }, hashes.length)} of the record was changed`)
    }
  }
}

/**
 * Returns the roots of the tiles that consist of the given roots; a tile's root is undefined if any root in the tile is
 * undefined.
 */
function rootsAbove(roots: readonly (Uint8Array | undefined)[]): (Uint8Array | undefined)[] {
  return Array.from({ length: Math.ceil(roots.length / tileWidth) }, (_, number) => {
    const hashes = roots.slice(number * tileWidth, (number + 1) * tileWidth)
    const known = hashes.filter((hash) => hash !== undefined)
    return known.length === hashes.length ? treeHash(known) : undefined
  })
}

/** Returns a sentence for each changed or moved leaf in a tile. Missing leaves have already been reported. */
function alteredLeaves({ number, stored, computed }: Difference): string[] {
  const positions = new Map(stored.map((hash, at) => [Buffer.from(hash).toString('hex'), at]))
  return computed.flatMap((hash, at) => {
    if (hash === undefined || isEqual(hash, stored[at])) return []
    const position = number * tileWidth + at
    const original = positions.get(Buffer.from(hash).toString('hex'))
    return original === undefined
      ? [`leaf ${position} of the record was changed`]
      : [
          `leaf ${position} of the record was moved: its position is ${number * tileWidth + original}`,
        ]
  })
}
