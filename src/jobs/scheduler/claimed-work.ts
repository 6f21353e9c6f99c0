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
  /** Rows of one run, and how many of them are worked on at a time. */
  readonly batch: number
  readonly parallel: number
  /** Takes rows that are due, at most `limit`. */
  readonly claim: (lease: Lease, limit: number) => Sql
  readonly itemOf: (row: Row) => Item
  /** `signal` is aborted when the work must be given up: the server stops, or the lease is lost. */
  readonly work: (item: Item, lease: Lease, signal: AbortSignal) => Promise<keyof JobResult>
}

const retrySecondsMax = 15 * 60

/** When failed work is tried again: after 5 seconds, then after twice as long each time, up to AWS's 15 minutes for a CRL. */
export function retryAt(now: Date, failures: number): Date {
  const seconds = Math.min(5 * 2 ** Math.min(failures - 1, 16), retrySecondsMax)
  return new Date(now.getTime() + seconds * 1000)
}

/** Claims a batch under one lease, which it keeps, and works on it; a batch that was full is followed by another run. */
export async function runClaimed<Item>(
  services: Services,
  signal: AbortSignal,
  { name, table, batch, parallel, claim, itemOf, work }: ClaimedWork<Item>,
): Promise<JobResult> {
  const { db, clock, random, wake } = services
  const lease = newLease(random, clock.now())
  const [rows = []] = await db.transaction([claim(lease, batch)])
  if (rows.length === 0) return { done: 0, failed: 0 }
  const held = holdLease(services, table, lease)
  try {
    const workSignal = AbortSignal.any([signal, held.lost])
    const result = await forEachParallel(
      rows.map(itemOf),
      { parallel, signal: workSignal },
      (item) => work(item, lease, workSignal),
    )
    if (rows.length === batch) wake(name)
    return result
  } finally {
    await held.release()
    // A server that stops does not begin what it has taken.
    if (signal.aborted) await db.transaction(releaseLease(lease))
  }
}
