/**
 * Index scans over several parts. An account's parts are its CAs, and a name index's parts are its eras. Each statement reads and
 * merges a group of parts.
 */
import {
  countOf,
  foundCertificateOf,
  type FoundCertificate,
  type SearchPosition,
  type SearchRange,
} from '../store/certificate-search.ts'
import type { Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'

type Reader = Pick<Database, 'query'>

/**
 * Maximum number of parts per statement. SQLite can merge 500 parts. SQLite prepares a statement with 64 parts in half a
 * millisecond.
 */
const groupMax = 64
/** Maximum number of parts per read. */
export const partsMax = 16 * groupMax

/** A page of certificates and the position of the next page. The position is undefined on the last page. */
export interface Page {
  readonly found: readonly FoundCertificate[]
  readonly next: SearchPosition | undefined
}

export interface PartitionedScan<Key extends number | string> {
  readonly low: Key
  readonly high: Key
  /** Lists at most partsMax + 1 parts in ascending order, starting at part `from`. */
  readonly listParts: (db: Reader, from: number | undefined) => Promise<readonly number[]>
  readonly facetOf: (part: number) => number
  readonly select: (
    range: SearchRange<Key>,
    after: SearchPosition | undefined,
    limit: number,
  ) => Sql
  readonly count: (range: SearchRange<Key>, max: number) => Sql
}

/** Reads at most `limit` certificates after a position. */
export async function readParts<Key extends number | string>(
  db: Reader,
  order: PartitionedScan<Key>,
  { after, limit }: { readonly after: SearchPosition | undefined; readonly limit: number },
): Promise<Page> {
  const parts = await order.listParts(db, after?.part)
  const found: FoundCertificate[] = []
  let position = after
  for (const group of groupsOf(parts)) {
    const [part] = group
    const statement = order.select(rangeOf(order, group), position, limit - found.length)
    for (const row of await db.query(statement)) found.push({ ...foundCertificateOf(row), part })
    if (found.length === limit) return { found, next: found.at(-1) }
    position = undefined
  }
  const part = parts[partsMax]
  return { found, next: part === undefined ? undefined : { key: order.low, number: 0, part } }
}

/** Counts certificates up to `max`, in the first partsMax parts. */
export async function countParts<Key extends number | string>(
  db: Reader,
  order: PartitionedScan<Key>,
  max: number,
): Promise<number> {
  let count = 0
  for (const group of groupsOf(await order.listParts(db, undefined))) {
    count += countOf(await db.query(order.count(rangeOf(order, group), max - count)))
    if (count === max) break
  }
  return count
}

function groupsOf(parts: readonly number[]): number[][] {
  const groups: number[][] = []
  for (let at = 0; at < Math.min(parts.length, partsMax); at += groupMax)
    groups.push(parts.slice(at, Math.min(at + groupMax, partsMax)))
  return groups
}

function rangeOf<Key extends number | string>(
  { low, high, facetOf }: PartitionedScan<Key>,
  group: readonly number[],
): SearchRange<Key> {
  return { facets: group.map(facetOf), low, high }
}
