/** Renews a lease while its work runs, so that no other process claims the same work. */
import type { Services } from '../../services.ts'
import { leaseMilliseconds, renewLease, type Lease, type LeasedTable } from '../../store/leases.ts'

/** Interval between renewals. It is a small fraction of the lease's duration, so that a few renewals may fail. */
const renewalMilliseconds = 3000
/**
 * Time without a renewal after which the work stops: half of the lease. Requests sent before then arrive before another process
 * starts the work, even if the processes' clocks differ by up to half of the lease.
 */
const lostMilliseconds = leaseMilliseconds / 2

export interface HeldLease {
  /** Aborted when another process may soon claim the work; the work must then stop. */
  readonly lost: AbortSignal
  /** Stops renewing the lease. */
  readonly release: () => Promise<void>
}

class LeaseLostError extends Error {
  override name = 'LeaseLostError'
}

/** Renews a new lease until it is released or cannot be renewed in time. */
export function holdLease(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  table: LeasedTable,
  lease: Lease,
): HeldLease {
  const lost = new AbortController()
  const giveUp = (): void =>
    lost.abort(new LeaseLostError('the lease could not be renewed in time'))
  const late = Math.max(0, clock.now().getTime() - lease.now.getTime())
  let deadline = setTimeout(giveUp, Math.max(0, lostMilliseconds - late))
  let isReleased = false
  let renewing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout

  async function renew(): Promise<void> {
    // The time is measured from before the request was sent, because it is unknown when exactly the database renewed the lease.
    const next = setTimeout(giveUp, lostMilliseconds)
    const isHeld = await db.transaction([renewLease(table, lease, clock.now())]).then(
      ([rows = []]) => rows.length > 0,
      () => undefined,
    )
    if (isHeld === true) clearTimeout(deadline)
    else clearTimeout(next)
    if (isHeld === true) deadline = next
    if (isHeld === false) lost.abort(new LeaseLostError('another process has the lease'))
    if (isReleased) clearTimeout(deadline)
    else if (!lost.signal.aborted) later()
  }
  function later(): void {
    timer = setTimeout(() => {
      renewing = renew()
    }, renewalMilliseconds)
  }
  later()
  return {
    lost: lost.signal,
    async release() {
      isReleased = true
      clearTimeout(timer)
      clearTimeout(deadline)
      await renewing
    },
  }
}
