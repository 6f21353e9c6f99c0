import { statusAt, type AuthorityStatus } from '../../authority/status.ts'
import { createOwnedCaches } from '../../bounded-cache.ts'
import type { Services } from '../../services.ts'
import { listAuthorities, type Owner } from '../../store/authorities.ts'
import {
  areDaysCounted,
  readDayCounts,
  utcDayOf,
  type DayCounts,
} from '../../store/certificate-days.ts'
import { dayMilliseconds } from '../../text/duration.ts'
import { boolean, integer, list, structure, timestamp } from '../../wire/shapes/shape.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import { operation } from '../shared/operation.ts'
import { certificateAuthorityStatus } from '../shared/shapes.ts'
import { requireHiddenAuthorities } from '../shared/require-authority.ts'

const periodCount = structure({ Start: timestamp(), Count: integer() })

const output = structure({
  GeneratedAt: timestamp(),
  Complete: boolean(),
  CertificateAuthorities: list(structure({ Status: certificateAuthorityStatus, Count: integer() })),
  IssuedPerDay: list(periodCount),
  RevokedPerDay: list(periodCount),
  ExpiriesPerWeek: list(periodCount),
  Expiring: list(structure({ Days: integer(), Count: integer() })),
})

type Statistics = Encodable<typeof output>

const daysDefault = 30
const weeksDefault = 13
/** Periods for which expiring certificates are counted. */
const expiringDays = [7, 30, 90]

const cacheMilliseconds = 5000
/** A cache of statistics by account, Region, periods and hidden CAs, so that many open dashboards cost no more than one. */
const cacheOf = createOwnedCaches<{ readonly at: number; readonly value: Promise<Statistics> }>(100)

/**
 * Returns the numbers of CAs by status, and of certificates by UTC day and week. The numbers come from counters, not from the
 * certificates, and are cached for a few seconds. AWS has no equivalent operation
 * (docs/decisions/0049-statistics-from-counters.md).
 */
export const getStatistics = operation({
  name: 'GetStatistics',
  actionPrefix: 'signet',
  input: structure({
    Days: integer({ min: 1, max: 366 }),
    Weeks: integer({ min: 1, max: 104 }),
  }),
  output,
  errors: [],
  resource: () => undefined,
  async run(services, { Days = daysDefault, Weeks = weeksDefault }, caller) {
    const { accountId, region } = caller
    const hidden = await requireHiddenAuthorities(caller)
    const now = services.clock.now()
    const cache = cacheOf(services.db)
    const key = JSON.stringify([accountId, region, Days, Weeks, ...hidden])
    const known = cache.get(key)
    const age = now.getTime() - (known?.at ?? 0)
    if (known !== undefined && age >= 0 && age < cacheMilliseconds) return known.value
    const period = { days: Days, weeks: Weeks, now }
    const value = readStatistics(services, { accountId, region, hidden }, period)
    cache.set(key, { at: now.getTime(), value })
    value.catch(() => cache.delete(key))
    return value
  },
})

interface Period {
  readonly days: number
  readonly weeks: number
  readonly now: Date
}

async function readStatistics(
  { db }: Pick<Services, 'db'>,
  { hidden, ...owner }: Owner & { readonly hidden: ReadonlySet<number> },
  { days, weeks, now }: Period,
): Promise<Statistics> {
  const { numbers, states } = await countAuthorities(db, { owner, hidden, now })
  const today = utcDayOf(now)
  const ahead = Math.max(7 * weeks, ...expiringDays.map((count) => count + 1))
  const counts = await readDayCounts(db, numbers, {
    first: today - days + 1,
    last: today + ahead - 1,
  })
  const expiring = (first: number, length: number): number =>
    sumOf(counts, { first, length }, ({ expiring: count }) => Math.max(0, count))
  const perDay = (read: (day: DayCounts) => number): Statistics['IssuedPerDay'] =>
    Array.from({ length: days }, (_, index) => {
      const first = today - days + 1 + index
      return { Start: startOf(first), Count: sumOf(counts, { first, length: 1 }, read) }
    })
  return {
    GeneratedAt: now,
    Complete: await areDaysCounted(db),
    CertificateAuthorities: states,
    IssuedPerDay: perDay(({ issued }) => issued),
    RevokedPerDay: perDay(({ revoked }) => revoked),
    ExpiriesPerWeek: Array.from({ length: weeks }, (_, index) => {
      const first = today + 7 * index
      return { Start: startOf(first), Count: expiring(first, 7) }
    }),
    // A period of 7 days ends at the current time of day, so its first and last days are incomplete. Both are counted completely.
    Expiring: expiringDays.map((Days) => ({ Days, Count: expiring(today, Days + 1) })),
  }
}

function startOf(day: number): Date {
  return new Date(day * dayMilliseconds)
}

function sumOf(
  counts: ReadonlyMap<number, DayCounts>,
  { first, length }: { readonly first: number; readonly length: number },
  read: (counts: DayCounts) => number,
): number {
  let sum = 0
  for (let day = first; day < first + length; day += 1) {
    const found = counts.get(day)
    if (found !== undefined) sum += read(found)
  }
  return sum
}

/** Maximum number of CAs per read. */
const pageSize = 100

/** Counts the visible CAs by status, and returns the row numbers of these CAs. */
async function countAuthorities(
  db: Services['db'],
  {
    owner,
    hidden,
    now,
  }: { readonly owner: Owner; readonly hidden: ReadonlySet<number>; readonly now: Date },
): Promise<{
  readonly numbers: readonly number[]
  readonly states: Statistics['CertificateAuthorities']
}> {
  const numbers: number[] = []
  const counts = new Map<AuthorityStatus, number>()
  for (let after = 0, isLast = false; !isLast;) {
    const page = await listAuthorities(db, owner, { after, limit: pageSize, now })
    for (const authority of page) {
      const status = statusAt(authority, now)
      if (status === undefined || hidden.has(authority.number)) continue
      numbers.push(authority.number)
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
    after = page.at(-1)?.number ?? after
    isLast = page.length < pageSize
  }
  return {
    numbers,
    states: [...counts].map(([Status, Count]) => ({ Status, Count })),
  }
}
