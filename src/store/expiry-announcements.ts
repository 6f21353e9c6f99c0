/** Rows of announced CA certificate expiries, and the search for expiries that have not been announced yet. */
import { daySeconds } from '../text/duration.ts'
import type { Authority } from '../authority/authority.ts'
import { expiryThresholds } from '../authority/expiry-thresholds.ts'
import { integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

export interface ExpiringAuthority {
  readonly authority: Pick<Authority, 'id' | 'partition' | 'region' | 'accountId'>
  readonly certificateNumber: number
  readonly notAfter: Date
}

/**
 * Lists the CAs whose current certificate expires within `days`, unless the nearest threshold has already been announced. The
 * list omits deleted CAs and certificates that expired more than a day ago.
 */
export async function listUnannouncedExpiries(
  db: Database,
  { now, days, limit }: { readonly now: Date; readonly days: number; readonly limit: number },
): Promise<ExpiringAuthority[]> {
  const seconds = Math.floor(now.getTime() / 1000)
  const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = expiryThresholds.toReversed()
  const rows = await db.query(
    sql`select a.id, a.partition_name, a.region, a.account_id, c.authority_certificate_number,
        c.not_after
      from authority_certificates c join authorities a using (authority_certificate_number)
      where c.not_after <= ${seconds + days * daySeconds} and c.not_after > ${seconds - daySeconds}
        and a.deleted_at_ms is null
        and not exists (select 1 from expiry_announcements e
          where e.authority_certificate_number = c.authority_certificate_number
            and e.days <= case
              when c.not_after <= ${seconds + d0 * daySeconds} then cast(${d0} as integer)
              when c.not_after <= ${seconds + d1 * daySeconds} then cast(${d1} as integer)
              when c.not_after <= ${seconds + d2 * daySeconds} then cast(${d2} as integer)
              when c.not_after <= ${seconds + d3 * daySeconds} then cast(${d3} as integer)
              else cast(${days} as integer) end)
      order by c.not_after limit ${limit}`,
  )
  return rows.map((row) => ({
    authority: {
      id: textOf(row, 'id'),
      partition: textOf(row, 'partition_name'),
      region: textOf(row, 'region'),
      accountId: textOf(row, 'account_id'),
    },
    certificateNumber: integerOf(row, 'authority_certificate_number'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
  }))
}

/** Records the announcement of an expiry. The statement conflicts if the same announcement has already been recorded. */
export function insertAnnouncement(certificateNumber: number, days: number, now: Date): Sql {
  return sql`insert into expiry_announcements (authority_certificate_number, days, announced_at_ms)
    values (${certificateNumber}, ${days}, ${now.getTime()})`
}
