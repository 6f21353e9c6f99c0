/** Counts, for each CA, the certificates that expire soon. */
import { setTimeout as wait } from 'node:timers/promises'
import { facetNumber } from '../../search/facets.ts'
import type { Services } from '../../services.ts'
import { listAuthorityStates } from '../../store/authority-states.ts'
import { daySeconds } from '../../text/duration.ts'

/**
 * Lengths of the periods in days, in ascending order. A certificate that expires within one period also expires within all
 * longer periods.
 */
const periods = [1, 7, 30, 90] as const

export interface ExpiryCount {
  readonly authorityId: string
  /** Name of the period, such as `30d`. */
  readonly within: string
  readonly certificates: number
}

/** Minimum time between two counts. The results change slowly, and each count reads an index entry for each certificate. */
const intervalMilliseconds = 5 * 60_000
/** Maximum time that a reader waits for new counts. After this time, the reader receives the previous counts. */
const waitMilliseconds = 1000
/** Maximum number of a CA's certificates that are counted between two adjacent periods. */
const certificatesMax = 1_000_000

type CountServices = Pick<Services, 'db' | 'bulk' | 'clock' | 'log'>

/**
 * Returns a function that resolves to the counts of expiring certificates, which are up to five minutes old. The returned
 * function never rejects.
 */
export function createExpiryCounts(
  services: CountServices,
  closing: AbortSignal,
): () => Promise<readonly ExpiryCount[]> {
  let counts: readonly ExpiryCount[] = []
  let countedAt: number | undefined
  let running: Promise<void> | undefined
  const refresh = async (now: Date): Promise<void> => {
    try {
      counts = await countExpiries(services, now)
    } catch (error) {
      counts = []
      if (closing.aborted) return
      services.log.warn({ err: error }, 'the certificates that expire soon cannot be counted')
    } finally {
      running = undefined
    }
  }
  return async () => {
    const now = services.clock.now()
    const age = now.getTime() - (countedAt ?? Number.NEGATIVE_INFINITY)
    if (running === undefined && !(age >= 0 && age < intervalMilliseconds)) {
      countedAt = now.getTime()
      running = refresh(now)
    }
    if (running !== undefined)
      await Promise.race([running, wait(waitMilliseconds, undefined, { ref: false })])
    return counts
  }
}

async function countExpiries({ db, bulk }: CountServices, now: Date): Promise<ExpiryCount[]> {
  const states = await listAuthorityStates(db, now)
  const authorities = states.filter(({ certificate }) => certificate !== undefined)
  const seconds = Math.floor(now.getTime() / 1000)
  const ranges = authorities.flatMap(({ number }) =>
    periods.map((days, at) => ({
      facets: [facetNumber('expiry', { authorityNumber: number })],
      low: seconds + (periods[at - 1] ?? 0) * daySeconds + 1,
      high: seconds + days * daySeconds,
    })),
  )
  const counts = await bulk.countByPosition(ranges, certificatesMax)
  return authorities.flatMap(({ id: authorityId }, index) => {
    let certificates = 0
    return periods.map((days, at) => {
      certificates += counts[index * periods.length + at] ?? 0
      return { authorityId, within: `${days}d`, certificates }
    })
  })
}
