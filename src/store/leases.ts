/**
 * A lease gives one process the right to work on a due row until a given time. A claim is one UPDATE that sets the lease on
 * rows without a valid lease, so that several processes may claim rows at the same time and each row goes to only one of them.
 */
import { hourMilliseconds } from '../text/duration.ts'
import { uuid, type Random } from '../random.ts'
import type { Sql } from './sql.ts'

export interface Lease {
  /** Identifier of the claim, which guards the write at the end of the work. */
  readonly token: string
  readonly now: Date
  /** Time after which other processes may claim the row. */
  readonly until: Date
}

/** Duration of a lease. A process that does not renew its lease for this time loses it. */
export const leaseMilliseconds = 20_000

export function newLease(random: Random, now: Date): Lease {
  return { token: uuid(random), now, until: new Date(now.getTime() + leaseMilliseconds) }
}

/**
 * Returns the latest plausible time of a lease or a retry. A later time is ignored, because the clock has been set back since
 * it was written.
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

/** Renews a lease from `now` on. Returns one row for each row that is still under the lease. */
export function renewLease(table: LeasedTable, { token }: Lease, now: Date): Sql {
  return {
    text: `update ${table} set lease_until_ms = ? where lease = ? returning lease`,
    values: [now.getTime() + leaseMilliseconds, token],
  }
}

/** Releases a lease's unfinished rows, so that other processes can claim them. */
export function releaseLease({ token }: Lease): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease = ?`,
    values: [token],
  }))
}

/**
 * Releases all leases, so that no work waits for a crashed process's leases. Only the sole owner of a database may call this
 * function.
 */
export function releaseLeases(): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease is not null`,
    values: [],
  }))
}
