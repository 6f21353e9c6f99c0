/** How far the search tables have come, and what is put into them. */
import { integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausible, leaseMilliseconds, type Lease } from './leases.ts'
import { guard, sql, type Sql, type SqlValue } from './sql.ts'

/** Number of the last certificate that can be found by search. */
export async function readSearchProgress(db: Pick<Database, 'query'>): Promise<number> {
  const [row] = await db.query(sql`select certificate_number from search_progress`)
  return row === undefined ? 0 : integerOf(row, 'certificate_number')
}

/** Whether there are certificates that search does not find yet. */
export async function isSearchBehind(db: Pick<Database, 'query'>): Promise<boolean> {
  const rows = await db.query(selectUnsearchable(await readSearchProgress(db), 1))
  return rows.length > 0
}

/** Takes the lease of the search tables: a row with the progress, or a conflict if another process has it. */
export function claimSearchTables({ token, now, until }: Lease): Sql {
  return guard(
    'lease',
    sql`update search_progress set lease = ${token}, lease_until_ms = ${until.getTime()}
      where lease_until_ms <= ${now.getTime()} or lease_until_ms > ${latestPlausible(now)}
      returning certificate_number`,
  )
}

/** Moves the progress to `certificateNumber` and renews the lease: a conflict if another process has taken it over. */
export function moveSearchProgress({ token }: Lease, now: Date, certificateNumber: number): Sql {
  return guard(
    'lease',
    sql`update search_progress set certificate_number = ${certificateNumber},
        lease_until_ms = ${now.getTime() + leaseMilliseconds}
      where lease = ${token} returning lease`,
  )
}

/** Certificates that follow number `after`, in the order of their numbers, as foundCertificateOf takes them. */
export function selectUnsearchable(after: number, limit: number): Sql {
  return sql`select c.certificate_number as search_key, c.certificate_number, c.authority_number,
      c.serial_number, c.certificate_der, c.template_name, c.issued_at_ms, c.not_after,
      c.requester_account_id, c.requester_service, c.requester_arn,
      a.id, a.partition_name, a.region, a.account_id, a.restorable_until_ms,
      null as revoked_at_ms, null as reason_code
    from certificates c join authorities a on a.authority_number = c.authority_number
    where c.certificate_number > ${after} order by c.certificate_number limit ${limit}`
}

/** A row of `certificate_facets` or `certificate_names`: facet, position or name, certificate number. */
export type SearchEntry<Key extends number | string> = readonly [
  facet: number,
  key: Key,
  certificateNumber: number,
]

/** Entries of certificates. */
export interface SearchEntries {
  readonly positions: SearchEntry<number>[]
  readonly names: SearchEntry<string>[]
}

/**
 * Statements that insert entries, of at most 256 rows each, in the order of the tables, so that a page is changed by few
 * of them. Existing rows are left.
 */
export function insertEntries({ positions, names }: SearchEntries): Sql[] {
  return [
    ...insertRows(
      'certificate_facets (facet, position, certificate_number)',
      sorted(positions, (a, b) => a[1] - b[1]),
    ),
    ...insertRows(
      'certificate_names (facet, name, certificate_number)',
      sorted(names, (a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0)),
    ),
  ]
}

/** `entries`, which are in the order of certificate numbers, in that of facets, keys and certificate numbers. */
function sorted<Key extends number | string>(
  entries: readonly SearchEntry<Key>[],
  compareKeys: (a: SearchEntry<Key>, b: SearchEntry<Key>) => number,
): SearchEntry<Key>[] {
  const facets = [...Map.groupBy(entries, (entry) => entry[0])].toSorted(([a], [b]) => a - b)
  return facets.flatMap(([, those]) => those.sort(compareKeys))
}

function insertRows(into: string, entries: readonly SearchEntry<number | string>[]): Sql[] {
  const statements: Sql[] = []
  let at = 0
  for (const [rows, text] of insertTexts(into))
    for (; entries.length - at >= rows; at += rows) {
      const values: SqlValue[] = []
      for (const [facet, key, number] of entries.slice(at, at + rows))
        values.push(facet, key, number)
      statements.push({ text, values })
    }
  return statements
}

/** Texts of statements by their number of rows, the greatest first: few, so that each is prepared once. */
function insertTexts(into: string): [rows: number, text: string][] {
  return [256, 64, 16, 4, 1].map((rows) => {
    const marks = Array.from({ length: rows }, () => '(?, ?, ?)').join(', ')
    return [rows, `insert into ${into} values ${marks} on conflict do nothing`]
  })
}
