/**
 * Each CA's daily counts of issued certificates, revoked certificates, and expiring certificates that are not revoked. Days are
 * in UTC and numbered from 1 January 1970. The job index-certificates adds issued certificates to the counts. A revocation
 * changes the counts in the same transaction if the certificate has already been counted. When expired certificates are deleted,
 * the counts stay the same.
 */
import { dayMilliseconds, daySeconds } from '../text/duration.ts'
import { integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { leaseMilliseconds, type Lease } from './leases.ts'
import type { RevocationRecord } from './revocations.ts'
import { guard, sql, type Sql } from './sql.ts'

/** Returns the number of the UTC day that contains a given time. */
export function utcDayOf(time: Date): number {
  return Math.floor(time.getTime() / dayMilliseconds)
}

/** Number of certificates that are counted in one transaction. The transaction takes a few milliseconds. */
const countedTogether = 2048

/**
 * Counts the next certificates whose numbers are greater than `from`. The statements conflict if another process holds the
 * lease. `last` is the number of the last counted certificate, or undefined if all certificates are counted.
 */
export async function countNext(
  db: Pick<Database, 'query'>,
  { token }: Lease,
  { from, now }: { readonly from: number; readonly now: Date },
): Promise<{ readonly last: number; readonly statements: readonly Sql[] } | undefined> {
  const [row] = await db.query(
    sql`select max(certificate_number) as last from (select certificate_number from certificates
      where certificate_number > ${from} order by certificate_number limit ${countedTogether}) c`,
  )
  if (row === undefined || row['last'] === null) return undefined
  const last = integerOf(row, 'last')
  const move = guard(
    'lease',
    sql`update search_progress set counted_number = ${last},
        lease_until_ms = ${now.getTime() + leaseMilliseconds}
      where lease = ${token} returning lease`,
  )
  return { last, statements: [move, addCertificates(from, last)] }
}

/**
 * Counts the certificates whose numbers are greater than `from` and at most `last`. The counts include revocations that are
 * already stored.
 */
function addCertificates(from: number, last: number): Sql {
  const inRange = 'c.certificate_number > ? and c.certificate_number <= ?'
  const joined = `join revocations r
    on r.authority_number = c.authority_number and r.certificate_number = c.certificate_number`
  const range = [from, last]
  return {
    text: `insert into certificate_days (authority_number, utc_day, issued, revoked, expiring)
      select authority_number, utc_day, sum(issued), sum(revoked), sum(expiring) from (
          select c.authority_number, c.issued_at_ms / ${dayMilliseconds} as utc_day,
            1 as issued, 0 as revoked, 0 as expiring from certificates c where ${inRange}
        union all
          select c.authority_number, r.revoked_at_ms / ${dayMilliseconds}, 0, 1, 0
          from certificates c ${joined} where ${inRange}
        union all
          select c.authority_number, c.not_after / ${daySeconds}, 0, 0, 1
          from certificates c left ${joined} where ${inRange} and r.certificate_number is null
        ) d where true group by authority_number, utc_day
      on conflict (authority_number, utc_day) do update set
        issued = certificate_days.issued + excluded.issued,
        revoked = certificate_days.revoked + excluded.revoked,
        expiring = certificate_days.expiring + excluded.expiring`,
    values: [...range, ...range, ...range],
  }
}

/** Changes the counts of a revoked certificate. A certificate that has not been counted yet is later counted as revoked. */
export function countRevocationDays(
  authorityNumber: number,
  { certificateNumber, revokedAt, notAfter }: RevocationRecord,
): Sql[] {
  const change = (day: number, column: 'revoked' | 'expiring', by: 1 | -1): Sql => ({
    text: `insert into certificate_days (authority_number, utc_day, issued, revoked, expiring)
      select ?, ?, 0, ${column === 'revoked' ? by : 0}, ${column === 'expiring' ? by : 0}
      from search_progress where counted_number >= ?
      on conflict (authority_number, utc_day) do update set
        ${column} = certificate_days.${column} + excluded.${column}`,
    values: [authorityNumber, day, certificateNumber],
  })
  return [change(utcDayOf(revokedAt), 'revoked', 1), change(utcDayOf(notAfter), 'expiring', -1)]
}

export interface DayCounts {
  readonly day: number
  readonly issued: number
  readonly revoked: number
  readonly expiring: number
}

/** Number of CAs per statement, so that a statement reads at most about ten thousand rows. */
const authoritiesTogether = 64

/** Sums the daily counts of several CAs, from day `first` to day `last`. The result omits days without certificates. */
export async function readDayCounts(
  db: Pick<Database, 'query'>,
  authorityNumbers: readonly number[],
  { first, last }: { readonly first: number; readonly last: number },
): Promise<ReadonlyMap<number, DayCounts>> {
  const counts = new Map<number, DayCounts>()
  for (let at = 0; at < authorityNumbers.length; at += authoritiesTogether) {
    const group = authorityNumbers.slice(at, at + authoritiesTogether)
    const rows = await db.query({
      text: `select utc_day, cast(sum(issued) as bigint) as issued,
          cast(sum(revoked) as bigint) as revoked, cast(sum(expiring) as bigint) as expiring
        from certificate_days where authority_number in (${group.map(() => '?').join(', ')})
          and utc_day >= ? and utc_day <= ? group by utc_day`,
      values: [...group, first, last],
    })
    for (const row of rows) {
      const day = integerOf(row, 'utc_day')
      const sum = counts.get(day)
      counts.set(day, {
        day,
        issued: integerOf(row, 'issued') + (sum?.issued ?? 0),
        revoked: integerOf(row, 'revoked') + (sum?.revoked ?? 0),
        expiring: integerOf(row, 'expiring') + (sum?.expiring ?? 0),
      })
    }
  }
  return counts
}

/** Returns whether all certificates have been counted, except those issued in the last few seconds. */
export async function areDaysCounted(db: Pick<Database, 'query'>): Promise<boolean> {
  const [row] = await db.query(
    sql`select counted_number, (select coalesce(max(certificate_number), 0) from certificates) as last
      from search_progress`,
  )
  return (
    row === undefined || integerOf(row, 'last') - integerOf(row, 'counted_number') < countedTogether
  )
}
