/**
 * Leases: who works on a row that is due, and until when. A claim is one update that sets the lease where there is none
 * or where it has run out, so that several processes may claim at once and each row goes to one of them.
 */
import { hourMilliseconds } from '../text/duration.ts'
import { uuid, type Random } from '../random.ts'
import type { Sql } from './sql.ts'

export interface Lease {
  /** Names the claim. What is written at the end of the work is guarded by it. */
  readonly token: string
  readonly now: Date
  /** When others may take the work over. */
  readonly until: Date
}

/** How long others wait for a sign of life of whoever works on a row. */
export const leaseMilliseconds = 20_000

export function newLease(random: Random, now: Date): Lease {
  return { token: uuid(random), now, until: new Date(now.getTime() + leaseMilliseconds) }
}

/** A lease or a retry further away than this was written by a clock that has been set back since, and does not count. */
export function latestPlausibleTime(now: Date): number {
  return now.getTime() + hourMilliseconds
}

const leasedTables = ['crls', 'audit_reports', 'events', 'search_progress'] as const
export type LeasedTable = (typeof leasedTables)[number]

/** From `now` on it holds as long again, for what is not finished: a row for each that nobody else has taken. */
export function renewLease(table: LeasedTable, { token }: Lease, now: Date): Sql {
  return {
    text: `update ${table} set lease_until_ms = ? where lease = ? returning lease`,
    values: [now.getTime() + leaseMilliseconds, token],
  }
}

/** Gives back what was taken under a lease and not worked on, for whoever comes next. */
export function releaseLease({ token }: Lease): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease = ?`,
    values: [token],
  }))
}

/** Takes every lease away: for a process that knows it is the only one. What a crash left is then not waited for. */
export function releaseLeases(): Sql[] {
  return leasedTables.map((table) => ({
    text: `update ${table} set lease = null, lease_until_ms = 0 where lease is not null`,
    values: [],
  }))
}
