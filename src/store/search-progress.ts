/** How far the search tables have come, and what is put into them. */
import { integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { guard, sql, type Sql, type SqlValue } from './sql.ts'

/** Number of the last certificate that can be found by search. */
export async function readSearchProgress(db: Pick<Database, 'query'>): Promise<number> {
  const [row] = await db.query(
    sql`select certificate_number from search_progress where search = 'certificates'`,
  )
  return row === undefined ? 0 : integerOf(row, 'certificate_number')
}

/** Whether there are certificates that search does not find yet. */
export async function isSearchBehind(db: Pick<Database, 'query'>): Promise<boolean> {
  const rows = await db.query(selectUnsearchable(await readSearchProgress(db), 1))
  return rows.length > 0
}

/** Moves it from one number to another: a conflict if another process was faster. */
export function moveSearchProgress(from: number, to: number): Sql {
  return guard(
    'revision',
    sql`update search_progress set certificate_number = ${to}
      where search = 'certificates' and certificate_number = ${from}
      returning certificate_number`,
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

/** Inserts entries, sorted so that neighbours are written together; what is there already is left. */
export function insertPositions(entries: readonly SearchEntry<number>[]): Sql[] {
  const sorted = entries.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  return insertEntries('certificate_facets (facet, position, certificate_number)', sorted)
}

/** The same for names. */
export function insertNames(entries: readonly SearchEntry<string>[]): Sql[] {
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const sorted = entries.toSorted((a, b) => a[0] - b[0] || byName(a[1], b[1]) || a[2] - b[2])
  return insertEntries('certificate_names (facet, name, certificate_number)', sorted)
}

/** Rows of one statement, as many as fit: few different texts, so that each is prepared once. */
const statementRows = [256, 64, 16, 4, 1]

function insertEntries(into: string, entries: readonly SearchEntry<number | string>[]): Sql[] {
  const statements: Sql[] = []
  let at = 0
  while (at < entries.length) {
    const remaining = entries.length - at
    const rows = statementRows.find((count) => count <= remaining) ?? 1
    const values: SqlValue[] = entries.slice(at, at + rows).flat()
    statements.push({ text: insertText(into, rows), values })
    at += rows
  }
  return statements
}

function insertText(into: string, rows: number): string {
  const marks = Array.from({ length: rows }, () => '(?, ?, ?)').join(', ')
  return `insert into ${into} values ${marks} on conflict do nothing`
}
