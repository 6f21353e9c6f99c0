/** Determines the state of a CRL for display to operators. */
import type { CrlState } from '../store/crl-states.ts'

/**
 * SUSPENDED: the CRL is no longer published. FAILED: the last attempt to publish the CRL failed, and the server retries. PENDING:
 * the CRL has never been published, or the published CRL does not yet contain a change. PUBLISHED: the published CRL is up to
 * date.
 */
export const crlStatuses = ['PUBLISHED', 'PENDING', 'FAILED', 'SUSPENDED'] as const

/** Time after which a due CRL is considered late. Publishing a CRL takes seconds. */
const lateMilliseconds = 10 * 60_000

/** Returns the cutoff time for late CRLs. An unpublished CRL with an earlier due time is late. */
export function lateSince(now: Date): Date {
  return new Date(now.getTime() - lateMilliseconds)
}

export function crlStatus({
  dueAt,
  failures,
  isChanged,
  published,
}: CrlState): (typeof crlStatuses)[number] {
  if (dueAt === undefined) return 'SUSPENDED'
  if (failures > 0) return 'FAILED'
  return isChanged || published === undefined ? 'PENDING' : 'PUBLISHED'
}

/** Returns whether relying parties have an expired CRL, or whether the server has failed to publish a due CRL in time. */
export function isLate({ dueAt, published }: CrlState, now: Date): boolean {
  if (dueAt === undefined) return false
  const nextUpdate = published?.nextUpdate
  return dueAt < lateSince(now) || (nextUpdate !== undefined && nextUpdate <= now)
}
