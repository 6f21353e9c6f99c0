/**
 * Rows of the record's leaves. A leaf is written once, in the same transaction as the change that it records, and never changes
 * afterwards.
 */
import { encodeLeaf, withState, type Leaf } from '../record/leaf.ts'
import { bytesOf, integerOf, optionalTextOf } from './columns.ts'
import type { Database } from './database.ts'
import type { ChangeContext } from './recorded-states.ts'
import { sql, type Row, type Sql } from './sql.ts'

/**
 * Appends a leaf. Both engines commit transactions one after another. The positions of committed leaves therefore have no gaps,
 * and a leaf never changes its position.
 */
export function appendLeaf(leaf: Leaf): Sql {
  return sql`insert into record_leaves (leaf_number, entry)
    values ((select coalesce(max(leaf_number), -1) + 1 from record_leaves), ${encodeLeaf(leaf)})`
}

/** The members of an event, and the SHA-256 of the object that the event is about. */
interface RecordedEvent {
  readonly event: string
  readonly sha256?: Uint8Array | undefined
  readonly [member: string]: unknown
}

/** Appends a leaf about an event that does not change a recorded row. */
export function appendEvent(
  { time, actor, authority }: ChangeContext,
  { sha256, ...detail }: RecordedEvent,
): Sql {
  const text = JSON.stringify(detail)
  return appendLeaf({ kind: 'event', time, authority, ...actor, sha256, detail: text })
}

/** A leaf and its position in the log. */
export interface StoredLeaf {
  readonly number: number
  /** The data that is included in the leaf's hash (record/leaf.ts). */
  readonly data: Uint8Array
}

/** Selects leaves in order, starting at a position. */
function selectLeaves(from: number, limit: number): Sql {
  return sql`select leaf_number, entry, state from record_leaves where leaf_number >= ${from}
    order by leaf_number limit ${limit}`
}

/** Selects leaves in order, starting after a row. */
export function selectLeavesAfter(after: Row | undefined, limit: number): Sql {
  const last = after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'leaf_number')
  return selectLeaves(last + 1, limit)
}

export function storedLeafOf(row: Row): StoredLeaf {
  const state = row['state']
  return {
    number: integerOf(row, 'leaf_number'),
    data: withState(bytesOf(row, 'entry'), typeof state === 'string' ? state : undefined),
  }
}

export async function readLeaves(
  db: Pick<Database, 'query'>,
  from: number,
  limit: number,
): Promise<StoredLeaf[]> {
  return (await db.query(selectLeaves(from, limit))).map(storedLeafOf)
}

/** The beginning of a leaf, which is enough for searches. */
export interface LeafHead {
  readonly number: number
  /** The data of the leaf, without its state. */
  readonly entry: Uint8Array
  /** First characters of the leaf's state, or undefined for a leaf without a state. */
  readonly stateHead: string | undefined
  /** Combined length of the data and the state, in bytes. */
  readonly bytes: number
}

/** Reads the beginnings of the leaves before a position, newest first. */
export async function readLeafHeads(
  db: Pick<Database, 'query'>,
  before: number,
  limit: number,
): Promise<LeafHead[]> {
  const rows = await db.query(
    sql`select leaf_number, entry, substr(state, 1, 96) as state_head,
      octet_length(entry) + coalesce(octet_length(state), 0) as bytes
    from record_leaves where leaf_number < ${before} order by leaf_number desc limit ${limit}`,
  )
  return rows.map((row) => ({
    number: integerOf(row, 'leaf_number'),
    entry: bytesOf(row, 'entry'),
    stateHead: optionalTextOf(row, 'state_head'),
    bytes: integerOf(row, 'bytes'),
  }))
}

export async function countLeaves(db: Pick<Database, 'query'>): Promise<number> {
  const [row] = await db.query(
    sql`select coalesce(max(leaf_number), -1) + 1 as leaves from record_leaves`,
  )
  return row === undefined ? 0 : integerOf(row, 'leaves')
}
