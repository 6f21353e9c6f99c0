import type { JobName } from './job-names.ts'
import type { Services } from '../../services.ts'
import { newLease, releaseLease, type Lease, type LeasedTable } from '../../store/leases.ts'
import type { Row, Sql } from '../../store/sql.ts'
import { forEachParallel } from './for-each.ts'
import { holdLease } from './held-lease.ts'
import type { JobResult } from './scheduler.ts'

export interface ClaimedWork<Item> {
  readonly name: JobName
  readonly table: LeasedTable
  /** Number of rows per run, and number of rows processed in parallel. */
  readonly batch: number
  readonly parallel: number
  /** Claims at most `limit` due rows. */
  readonly claim: (lease: Lease, limit: number) => Sql
  readonly itemOf: (row: Row) => Item
  /** Order in which rows are processed. A claim returns its rows in no particular order. */
  readonly compare?: (one: Item, other: Item) => number
  /** Processes a row. `signal` is aborted when the work must stop: the server is stopping, or the lease is lost. */
  readonly work: (item: Item, lease: Lease, signal: AbortSignal) => Promise<keyof JobResult>
}

const retrySecondsDefault = 15 * 60

/**
 * Returns the time of the retry. The delay is 5 seconds and doubles with each failure, by default up to 15 minutes, which is
 * AWS's retry interval for CRLs.
 */
export function retryAt(now: Date, failures: number, secondsMax = retrySecondsDefault): Date {
  const seconds = Math.min(5 * 2 ** Math.min(failures - 1, 16), secondsMax)
  return new Date(now.getTime() + seconds * 1000)
}

/** Claims a batch of rows under one lease, renews the lease, and processes the rows. A full batch is followed by another run. */
export async function runClaimed<Item>(
  services: Services,
  signal: AbortSignal,
  { name, table, batch, parallel, claim, itemOf, compare, work }: ClaimedWork<Item>,
): Promise<JobResult> {
  const { db, clock, random, wake } = services
  const lease = newLease(random, clock.now())
  const [rows = []] = await db.transaction([claim(lease, batch)])
  if (rows.length === 0) return { done: 0, failed: 0 }
  const held = holdLease(services, table, lease)
  try {
    const workSignal = AbortSignal.any([signal, held.lost])
    const items = rows.map(itemOf)
    if (compare !== undefined) items.sort(compare)
    const result = await forEachParallel(items, { parallel, signal: workSignal }, (item) =>
      work(item, lease, workSignal),
    )
    if (rows.length === batch) wake(name)
    return result
  } finally {
    await held.release()
    // A stopping server releases the rows that it has claimed but not started.
    if (signal.aborted) await db.transaction(releaseLease(lease))
  }
}
