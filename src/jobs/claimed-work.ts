import type { Services } from '../services.ts'
import { newLease, releaseLease, type Lease } from '../store/leases.ts'
import type { Row, Sql } from '../store/sql.ts'
import { forEachOf } from './for-each.ts'
import type { JobResult } from './scheduler.ts'

/** Rows that are work for a job. */
export interface ClaimedWork<Item> {
  /** Of the job. */
  readonly name: string
  /** Rows of one run, and how many of them are worked on at a time. */
  readonly batch: number
  readonly parallel: number
  /** Takes rows that are due, at most `limit`. */
  readonly claim: (lease: Lease, limit: number) => Sql
  readonly itemOf: (row: Row) => Item
  readonly work: (item: Item, lease: Lease) => Promise<keyof JobResult>
}

/** Claims a batch under one lease and works on it; a batch that was full is followed by another run. */
export async function runClaimed<Item>(
  { db, clock, random, wake }: Services,
  signal: AbortSignal,
  { name, batch, parallel, claim, itemOf, work }: ClaimedWork<Item>,
): Promise<JobResult> {
  const lease = newLease(random, clock.now())
  const [rows = []] = await db.transaction([claim(lease, batch)])
  const result = await forEachOf(rows.map(itemOf), { parallel, signal }, (item) =>
    work(item, lease),
  )
  // A server that stops does not begin what it has taken.
  if (signal.aborted && rows.length > 0) await db.transaction(releaseLease(lease))
  if (rows.length === batch) wake(name)
  return result
}
