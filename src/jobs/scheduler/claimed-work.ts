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
  /** Maximum number of rows that a run claims, and maximum number of rows that it processes in parallel. */
  readonly batch: number
  readonly parallel: number
  /** Claims at most `limit` due rows. */
  readonly claim: (lease: Lease, limit: number) => Sql
  readonly itemOf: (row: Row) => Item
  /** Order in which claimed rows are processed. The database returns the rows in no particular order. */
  readonly compare?: (one: Item, other: Item) => number
  /**
   * Processes a claimed row. `signal` is aborted when the work must stop, because the server is stopping or the lease was lost.
   */
  readonly work: (item: Item, lease: Lease, signal: AbortSignal) => Promise<keyof JobResult>
}

const retrySecondsDefault = 15 * 60

/**
 * Returns the time of the next retry. The delay starts at 5 seconds and doubles after each failure. By default, the maximum
 * delay is 15 minutes, which is AWS's retry interval for CRLs.
 */
export function retryAt(now: Date, failures: number, secondsMax = retrySecondsDefault): Date {
  const seconds = Math.min(5 * 2 ** Math.min(failures - 1, 16), secondsMax)
  return new Date(now.getTime() + seconds * 1000)
}

/**
 * Claims a batch of due rows under one lease, and renews the lease while it processes the rows. After a full batch, the job runs
 * again.
 */
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
    // A stopping server releases the rows that it has claimed but has not started to process.
    if (signal.aborted) await db.transaction(releaseLease(lease))
  }
}
