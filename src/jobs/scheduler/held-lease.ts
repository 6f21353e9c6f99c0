/** Renews a lease while the leased work runs, so that no other process claims the work. */
import type { Services } from '../../services.ts'
import { leaseMilliseconds, renewLease, type Lease, type LeasedTable } from '../../store/leases.ts'

/**
 * Interval between two renewals of a lease. The interval is a small fraction of the lease's duration, so that the lease survives
 * a few failed renewals.
 */
const renewalMilliseconds = 3000
/**
 * Time without a successful renewal after which the work stops: half of the lease's duration. The other half of the duration
 * leaves time for pending requests to arrive before another process starts the same work, even if the clocks of the processes
 * differ.
 */
const lostMilliseconds = leaseMilliseconds / 2

export interface HeldLease {
  /** Signal that is aborted when another process may soon claim the work. The current process must then stop working. */
  readonly lost: AbortSignal
  /** Stops renewing the lease. */
  readonly release: () => Promise<void>
}

class LeaseLostError extends Error {
  override name = 'LeaseLostError'
}

/** Renews a new lease until the caller releases the lease or no renewal succeeds in time. */
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
    // The countdown starts before the renewal request is sent, because the exact time of the renewal in the database is unknown.
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
