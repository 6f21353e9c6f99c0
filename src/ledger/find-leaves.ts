/** Searches the record for leaves. */
import { decodeLeaf, leafMilliseconds, type Leaf } from '../record/leaf.ts'
import type { Database } from '../store/database.ts'
import { countLeaves, readLeaves, type StoredLeaf } from '../store/leaves.ts'

/** A leaf with its position and its data. */
export interface FoundLeaf extends StoredLeaf {
  readonly leaf: Leaf
}

export interface LeafSearch {
  readonly isMatch: (leaf: Leaf) => boolean
  readonly limit: number
}

const pageLeaves = 1000
/**
 * Maximum time between the creation of a leaf and its commit. Leaves are in commit order, but a leaf contains its creation time.
 */
export const disorderMilliseconds = 120_000

/** Finds the newest leaves that match, and returns them in chronological order. Throws LeafError if a leaf cannot be read. */
export async function findLeaves(
  db: Pick<Database, 'query'>,
  { isMatch, limit }: LeafSearch,
): Promise<FoundLeaf[]> {
  const found: FoundLeaf[] = []
  let end = await countLeaves(db)
  while (end > 0 && found.length < limit) {
    const start = Math.max(0, end - pageLeaves)
    const page = (await readLeaves(db, start, end - start)).map(decoded)
    for (const each of page.toReversed())
      if (found.length < limit && each.number < end && isMatch(each.leaf)) found.push(each)
    end = start
  }
  return found.toReversed()
}

/** Finds the leaf for a certificate. `issuedAt` limits the leaves that are read. */
export async function findCertificateLeaf(
  db: Pick<Database, 'query'>,
  {
    authority,
    serialNumber,
    issuedAt,
  }: {
    readonly authority: number
    readonly serialNumber: Uint8Array
    readonly issuedAt: Date
  },
): Promise<FoundLeaf | undefined> {
  const isMatch = (leaf: Leaf): boolean =>
    leaf.kind === 'certificate' &&
    leaf.authority === authority &&
    Buffer.compare(leaf.serialNumber ?? new Uint8Array(), serialNumber) === 0
  let from = await firstSince(db, issuedAt.getTime() - disorderMilliseconds)
  for (;;) {
    const page = (await readLeaves(db, from, pageLeaves)).map(decoded)
    const match = page.find(({ leaf }) => isMatch(leaf))
    const last = page.at(-1)
    if (match !== undefined) return match
    if (last === undefined || page.length < pageLeaves) break
    if (last.leaf.time.getTime() > issuedAt.getTime() + disorderMilliseconds) break
    from = last.number + 1
  }
  // The server's clock may have been set back.
  const [match] = await findLeaves(db, { isMatch, limit: 1 })
  return match
}

/**
 * Finds the first leaf after a given time by binary search. The search is correct only if the server's clock was never set back.
 */
export async function firstSince(
  db: Pick<Database, 'query'>,
  milliseconds: number,
): Promise<number> {
  let low = 0
  let high = await countLeaves(db)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [first] = await readLeaves(db, middle, 1)
    if (first === undefined || leafMilliseconds(first.data) >= milliseconds) high = middle
    else low = middle + 1
  }
  return low
}

function decoded(stored: StoredLeaf): FoundLeaf {
  return { ...stored, leaf: decodeLeaf(stored.data) }
}
