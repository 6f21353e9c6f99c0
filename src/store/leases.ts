/**
 * A lease gives a process the exclusive right to work on a due row until a given time. A claim is a single UPDATE that sets a
 * lease on rows without a valid lease. When several processes claim rows concurrently, each row therefore goes to only one
 * process.
 */
import { hourMilliseconds } from '../text/duration.ts'
import { uuid, type Random } from '../random.ts'
import type { Sql } from './sql.ts'

export interface Lease {
  /** Identifier of the claim. The write at the end of the work is guarded by this identifier. */
  readonly token: string
  readonly now: Date
  /** Time after which other processes may claim the row. */
  readonly until: Date
}

/** Duration of a lease in milliseconds. A process that does not renew its lease within this time loses the lease. */
export const leaseMilliseconds = 20_000

export function newLease(random: Random, now: Date): Lease {
  return { token: uuid(random), now, until: new Date(now.getTime() + leaseMilliseconds) }
}

/**
 * Returns the latest plausible time for a lease or a retry. A later time is ignored, because the clock must have been set back
 * since the time was stored.
 */
export function latestPlausibleTime(now: Date): number {
  return now.getTime() + hourMilliseconds
}

const leasedTables = [
  'crls',
  'audit_reports',
  'events',
  'search_progress',
  'certificate_intents',
  'acme_challenges',
] as const
export type LeasedTable = (typeof leasedTables)[number]

/** Renews a lease, starting at `now`. The statement returns one row for each row that is still under the lease. */
export function renewLease(table: LeasedTable, { token }: Lease, now: Date): Sql {
  return {
    text: `update ${table} set lease_until_ms = ? where lease = ? returning lease`,
    values: [now.getTime() + leaseMilliseconds, token],
  }
}

/** Releases the unfinished rows of a lease, so that other processes can claim the rows. */
export function releaseLease({ token }: Lease): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease = ?`,
    values: [token],
  }))
}

/**
 * Releases all leases, so that work does not wait for the leases of a crashed process. Only a process that is the sole owner of
 * the database may call this function.
 */
export function releaseLeases(): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease is not null`,
    values: [],
  }))
}
