/** The beginning of the record, which consists of leaves for rows that already exist. */
import type { Clock } from '../clock.ts'
import { encodeDigestedRows } from '../record/digested-rows.ts'
import type { Actor } from '../record/leaf.ts'
import { sha256 } from '../record/merkle.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { insertSetting } from '../store/metadata.ts'
import { appendLeaf } from '../store/leaves.ts'
import {
  recordedCertificateOf,
  requireRows,
  selectLastCertificate,
  selectRecordedCertificates,
  selectRecordedRevocations,
  selectRetiredCertificates,
  wholeCertificateDigest,
  wholeRevocationDigest,
} from '../store/recorded-rows.ts'
import {
  recordedTable,
  recordedTables,
  recordRow,
  selectStates,
  type RecordedTableName,
} from '../store/recorded-states.ts'
import { retiredRowDigest } from '../store/retired-certificates.ts'
import type { Row, Sql } from '../store/sql.ts'
import { begunSetting } from './log-parts.ts'

const actor: Actor = { principal: 'job:seal-record' }
/** Number of rows per transaction. */
const pageRows = 500
/**
 * Maximum number of attempts to record a page whose rows keep changing. After the last attempt, the next run of the job starts
 * over.
 */
const attemptsMax = 20

/** A table whose row digests are in leaves of the type `baseline`. */
interface DigestedTable {
  /** Selects rows after a given row, limited to certificates up to number `last`. */
  readonly select: (after: Row | undefined, limit: number, last: number) => Sql
  readonly digestOf: (row: Row) => Uint8Array
}

const digestedTables = {
  certificates: {
    select: selectRecordedCertificates,
    digestOf: (row) => wholeCertificateDigest(recordedCertificateOf(row)),
  },
  revocations: {
    select: selectRecordedRevocations,
    digestOf: wholeRevocationDigest,
  },
  retired_certificates: {
    select: selectRetiredCertificates,
    digestOf: retiredRowDigest,
  },
} as const satisfies Readonly<Record<string, DigestedTable>>

type DigestedTableName = keyof typeof digestedTables

/**
 * Writes leaves for all existing rows: digests of certificates, revocations and retired certificates, and the state of each row
 * in tables that change. Rows written in the meantime get their own leaves. If a call is interrupted, the next call starts over,
 * and its leaves supersede the earlier leaves.
 */
export async function beginRecord(db: Database, clock: Clock): Promise<void> {
  const [row] = await db.query(selectLastCertificate)
  const last = row === undefined ? 0 : integerOf(row, 'last')
  const counts: Record<string, number> = {}
  for (const table of Object.keys(digestedTables) as DigestedTableName[])
    counts[table] = await recordPages(
      db,
      (after, limit) => digestedTables[table].select(after, limit, last),
      (page) => digestLeaves(table, page, clock.now()),
    )
  for (const table of Object.keys(recordedTables) as RecordedTableName[])
    counts[table] = await recordPages(
      db,
      (after, limit) => selectStates(table, after, limit),
      (page) => page.map((each) => stateLeaf(table, each, clock.now())),
    )
  const detail = JSON.stringify({ lastCertificateNumber: last, rows: counts })
  try {
    await db.transaction([
      insertSetting(begunSetting, Buffer.from(String(last))),
      appendLeaf({ kind: 'baseline', time: clock.now(), ...actor, detail }),
    ])
  } catch (error) {
    // Another node finished recording the existing rows first. The other node's leaves have the same content as this node's
    // leaves.
    if (!(error instanceof ConflictError)) throw error
  }
}

/**
 * Records all rows that a query returns, with one page per transaction, and returns the number of rows. If a page's rows changed
 * after they were read, the page is read again.
 */
async function recordPages(
  db: Database,
  select: (after: Row | undefined, limit: number) => Sql,
  statementsOf: (page: readonly Row[]) => readonly Sql[],
): Promise<number> {
  let after: Row | undefined
  let count = 0
  let attempts = 0
  for (;;) {
    const page = await db.query(select(after, pageRows))
    if (page.length === 0) return count
    attempts += 1
    try {
      await db.transaction(statementsOf(page))
    } catch (error) {
      if (!(error instanceof ConflictError) || attempts === attemptsMax) throw error
      continue
    }
    count += page.length
    after = page.at(-1)
    attempts = 0
  }
}

/**
 * Returns leaves with row digests, and guards that fail if a row was deleted in the meantime. Retired certificates are never
 * deleted.
 */
function digestLeaves(table: DigestedTableName, page: readonly Row[], time: Date): Sql[] {
  // Revocations are identified by CA number and certificate number, and other rows by their own numbers.
  const groups = Map.groupBy(page, (row) =>
    table === 'revocations' ? integerOf(row, 'authority_number') : undefined,
  )
  return [...groups].flatMap(([authority, rows]) => {
    const digests = rows.map((row) => ({
      number: integerOf(row, 'certificate_number'),
      digest: digestedTables[table].digestOf(row),
    }))
    const fields = { authority, table, rows: encodeDigestedRows(digests) }
    const leaf = appendLeaf({ kind: 'baseline', time, ...actor, ...fields })
    return table === 'retired_certificates' ? [leaf] : [requireRows(table, rows), leaf]
  })
}

function stateLeaf(table: RecordedTableName, row: Row, time: Date): Sql {
  const { key, digestColumn } = recordedTable(table)
  const digest = digestColumn === undefined ? undefined : sha256(bytesOf(row, 'digested'))
  const values = key.map((column) => row[column] ?? null)
  return recordRow({ table, key: values, ...(digest && { sha256: digest }) }, { time, actor })
}
