/** Keeps others from taking work over for as long as it goes on here. */
import type { Services } from '../../services.ts'
import { leaseMilliseconds, renewLease, type Lease, type LeasedTable } from '../../store/leases.ts'

/** Several times before it is too late. */
const renewalMilliseconds = 3000
/** Half of a lease: what has been sent by then arrives before others begin, and clocks may differ by as much. */
const lostMilliseconds = leaseMilliseconds / 2

export interface HeldLease {
  /** Aborted when others may soon take the work over: whoever is at it must stop. */
  readonly lost: AbortSignal
  /** Renews no more. */
  readonly release: () => Promise<void>
}

class LeaseLostError extends Error {
  override name = 'LeaseLostError'
}

/** Renews a lease that has just been taken, until it is released, or cannot be renewed in time. */
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
    // Counted from before it is sent: it is not known when it was done.
    const next = setTimeout(giveUp, lostMilliseconds)
    const isHeld = await db.transaction([renewLease(table, lease, clock.now())]).then(
      ([rows = []]) => rows.length > 0,
      () => undefined,
    )
    if (isHeld === true) clearTimeout(deadline)
    else clearTimeout(next)
    if (isHeld === true) deadline = next
    if (isHeld === false) lost.abort(new LeaseLostError('somebody else has the lease'))
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
