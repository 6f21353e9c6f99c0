/** The state of a CA's CRLs, which the API and the console display. */
import type { CrlKind } from '../authority/authority.ts'
import { dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row } from './sql.ts'

export interface CrlState {
  readonly id: number
  /** Object name of the CRL, without folder and extension. */
  readonly name: string
  readonly kind: CrlKind
  /** Number of certificates that are bound to the partition, or 0 for a complete CRL. */
  readonly certificates: number
  /** Time at which the next publication is due, or undefined while the CRL is suspended. */
  readonly dueAt: Date | undefined
  /** Whether a change is still missing from the published CRL. */
  readonly isChanged: boolean
  /** Number of failed attempts since the last publication of the CRL. */
  readonly failures: number
  readonly retryAt: Date
  /** The last publication, or undefined if the CRL has never been published. */
  readonly published: PublishedState | undefined
}

interface PublishedState {
  /** Value of cRLNumber, or undefined for CRLs from earlier versions. */
  readonly number: number | undefined
  readonly generatedAt: Date
  /** Value of nextUpdate, or undefined for CRLs from earlier versions, whose nextUpdate is unknown. */
  readonly nextUpdate: Date | undefined
  readonly size: number
  readonly entries: number
  readonly bucket: string
  readonly key: string
}

/** Lists the CRLs of a CA, newest first. `after` is the ID of the last CRL on the previous page. */
export async function listCrlStates(
  db: Database,
  authorityNumber: number,
  { after = Number.MAX_SAFE_INTEGER, limit }: { readonly after?: number; readonly limit: number },
): Promise<CrlState[]> {
  const rows = await db.query(
    sql`select * from crls where authority_number = ${authorityNumber} and crl_id < ${after}
      order by crl_id desc limit ${limit}`,
  )
  return rows.map(stateOf)
}

/** Finds the state of one CRL of a CA. */
export async function findCrlState(
  db: Database,
  authorityNumber: number,
  crlId: number,
): Promise<CrlState | undefined> {
  const [state] = await listCrlStates(db, authorityNumber, { after: crlId + 1, limit: 1 })
  return state?.id === crlId ? state : undefined
}

/** The totals for all CRLs of a CA that are not suspended. */
export interface CrlTotals {
  readonly crls: number
  readonly entries: number
  readonly bytes: number
  /** Number of CRLs that lack a change or have never been published. */
  readonly pending: number
  /** Number of CRLs whose most recent publication attempt failed. */
  readonly failed: number
  /** Number of CRLs that have expired, or were due before `lateSince`. */
  readonly late: number
}

export async function readCrlTotals(
  db: Database,
  authorityNumber: number,
  { now, lateSince }: { readonly now: Date; readonly lateSince: Date },
): Promise<CrlTotals> {
  const [row = {}] = await db.query(
    sql`select count(*) as crls,
        cast(coalesce(sum(entries), 0) as bigint) as entries,
        cast(coalesce(sum(size), 0) as bigint) as bytes,
        cast(coalesce(sum(case when changes > published_changes then 1 else 0 end), 0) as bigint) as pending,
        cast(coalesce(sum(case when failures > 0 then 1 else 0 end), 0) as bigint) as failed,
        cast(coalesce(sum(case when next_update_ms <= ${now.getTime()}
          or due_at_ms < ${lateSince.getTime()} then 1 else 0 end), 0) as bigint) as late
      from crls where authority_number = ${authorityNumber} and due_at_ms is not null`,
  )
  return {
    crls: integerOf(row, 'crls'),
    entries: integerOf(row, 'entries'),
    bytes: integerOf(row, 'bytes'),
    pending: integerOf(row, 'pending'),
    failed: integerOf(row, 'failed'),
    late: integerOf(row, 'late'),
  }
}

function stateOf(row: Row): CrlState {
  return {
    id: integerOf(row, 'crl_id'),
    name: textOf(row, 'name'),
    kind: textOf(row, 'kind') as CrlKind,
    certificates: integerOf(row, 'certificates'),
    dueAt: row['due_at_ms'] === null ? undefined : dateOf(row, 'due_at_ms'),
    isChanged: integerOf(row, 'changes') > integerOf(row, 'published_changes'),
    failures: integerOf(row, 'failures'),
    retryAt: dateOf(row, 'retry_at_ms'),
    published: publishedOf(row),
  }
}

function publishedOf(row: Row): PublishedState | undefined {
  if (row['generated_at_ms'] === null) return undefined
  const number = row['published_number']
  return {
    number: number === null ? undefined : integerOf(row, 'published_number'),
    generatedAt: dateOf(row, 'generated_at_ms'),
    nextUpdate: row['next_update_ms'] === null ? undefined : dateOf(row, 'next_update_ms'),
    size: integerOf(row, 'size'),
    entries: integerOf(row, 'entries'),
    bucket: textOf(row, 'bucket'),
    key: textOf(row, 'object_key'),
  }
}
