/** Stores the progress of filling the search tables, and inserts entries into them. */
import { requesterOf, type FoundCertificate } from './certificate-search.ts'
import { bytesOf, dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausibleTime, leaseMilliseconds, type Lease } from './leases.ts'
import { guard, sql, type Row, type Sql, type SqlValue } from './sql.ts'

/** Reads the number of the last certificate that is in the search tables. */
export async function readSearchProgress(db: Pick<Database, 'query'>): Promise<number> {
  const [row] = await db.query(sql`select certificate_number from search_progress`)
  return row === undefined ? 0 : integerOf(row, 'certificate_number')
}

/** Returns whether some certificates are missing from the search tables or from the daily counts. */
export async function isSearchBehind(db: Pick<Database, 'query'>): Promise<boolean> {
  const rows = await db.query(
    sql`select certificate_number from certificates
      where certificate_number > (select case when counted_number < certificate_number
          then counted_number else certificate_number end from search_progress)
      order by certificate_number limit 1`,
  )
  return rows.length > 0
}

/**
 * Claims the lease for the search tables. Returns a row with the progress of the search tables and of the daily counts. The
 * statement conflicts if another process holds the lease.
 */
export function claimSearchTables({ token, now, until }: Lease): Sql {
  return guard(
    'lease',
    sql`update search_progress set lease = ${token}, lease_until_ms = ${until.getTime()}
      where lease_until_ms <= ${now.getTime()} or lease_until_ms > ${latestPlausibleTime(now)}
      returning certificate_number, counted_number`,
  )
}

/**
 * Sets the progress to `certificateNumber` and renews the lease. The statement conflicts if another process holds the lease.
 */
export function moveSearchProgress({ token }: Lease, now: Date, certificateNumber: number): Sql {
  return guard(
    'lease',
    sql`update search_progress set certificate_number = ${certificateNumber},
        lease_until_ms = ${now.getTime() + leaseMilliseconds}
      where lease = ${token} returning lease`,
  )
}

/** The data from which a certificate's search entries are built. */
export interface UnsearchableCertificate extends Pick<
  FoundCertificate,
  'number' | 'certificateDer' | 'templateName' | 'issuedAt' | 'notAfter' | 'requester'
> {
  readonly authority: Pick<FoundCertificate['authority'], 'number' | 'accountId' | 'region'>
}

/** Selects the certificates whose numbers are greater than `after`, sorted by number, as input for unsearchableOf. */
export function selectUnsearchable(after: number, limit: number): Sql {
  return sql`select c.certificate_number, c.authority_number, c.certificate_der, c.template_name,
      c.issued_at_ms, c.not_after, c.requester_account_id, c.requester_service, c.requester_arn,
      a.region, a.account_id
    from certificates c join authorities a on a.authority_number = c.authority_number
    where c.certificate_number > ${after} order by c.certificate_number limit ${limit}`
}

export function unsearchableOf(row: Row): UnsearchableCertificate {
  return {
    number: integerOf(row, 'certificate_number'),
    authority: {
      number: integerOf(row, 'authority_number'),
      accountId: textOf(row, 'account_id'),
      region: textOf(row, 'region'),
    },
    certificateDer: bytesOf(row, 'certificate_der'),
    templateName: textOf(row, 'template_name'),
    issuedAt: dateOf(row, 'issued_at_ms'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
    requester: requesterOf(row),
  }
}

/** Search entries with the same facet, sorted by certificate number. Values at the same index belong to the same row. */
export interface FacetEntries<Key extends number | string> {
  readonly keys: Key[]
  readonly numbers: number[]
}

/** Search entries, grouped by facet. The entries become rows of `certificate_facets` and `certificate_names`. */
export interface SearchEntries {
  readonly positions: ReadonlyMap<number, FacetEntries<number>>
  readonly names: ReadonlyMap<number, FacetEntries<string>>
}

/** Yields the rows for the search entries, unsorted. */
export function* entryRows<Key extends number | string>(
  entries: ReadonlyMap<number, FacetEntries<Key>>,
): Generator<readonly [facet: number, key: Key, certificateNumber: number]> {
  for (const [facet, { keys, numbers }] of entries)
    for (const [at, key] of keys.entries()) yield [facet, key, numbers[at] ?? 0]
}

/**
 * Yields statements that insert search entries, with at most 256 rows per statement. The rows are sorted in the order of the
 * tables, so that each statement changes few pages. Existing rows are kept. The rows of a facet are sorted just before they are
 * inserted.
 */
export function* insertEntries({ positions, names }: SearchEntries): Generator<Sql> {
  yield* insertRows('certificate_facets (facet, position, certificate_number)', positions)
  yield* insertRows('certificate_names (facet, name, certificate_number)', names)
}

const rowsMax = 256

function* insertRows(
  into: string,
  entries: ReadonlyMap<number, FacetEntries<number | string>>,
): Generator<Sql> {
  const text = insertText(into, rowsMax)
  let values: SqlValue[] = []
  for (const [facet, { keys, numbers }] of [...entries].toSorted(([a], [b]) => a - b))
    for (const at of orderOf(keys)) {
      values.push(facet, keys[at] ?? null, numbers[at] ?? null)
      if (values.length < 3 * rowsMax) continue
      yield { text, values }
      values = []
    }
  // Statements have only a few different sizes, so that each statement is prepared once.
  for (const rows of [64, 16, 4, 1])
    while (values.length >= 3 * rows)
      yield { text: insertText(into, rows), values: values.splice(0, 3 * rows) }
}

/** Returns indexes that sort the keys. Equal keys keep their relative order. */
function orderOf(keys: readonly (number | string)[]): Uint32Array {
  const order = new Uint32Array(keys.length)
  for (let at = 1; at < order.length; at += 1) order[at] = at
  return order.sort((a, b) => {
    const [one = 0, other = 0] = [keys[a], keys[b]]
    return one < other ? -1 : one > other ? 1 : 0
  })
}

function insertText(into: string, rows: number): string {
  const marks = Array.from({ length: rows }, () => '(?, ?, ?)').join(', ')
  return `insert into ${into} values ${marks} on conflict do nothing`
}
