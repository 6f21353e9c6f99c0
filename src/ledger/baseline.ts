/** The beginning of the record: leaves about the rows that exist already. */
import type { Clock } from '../clock.ts'
import { encodeDigestedRows } from '../record/digested-rows.ts'
import type { Actor } from '../record/leaf.ts'
import { sha256 } from '../record/merkle.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { findSetting, insertSetting } from '../store/metadata.ts'
import { appendLeaf } from '../store/leaves.ts'
import {
  selectLastCertificate,
  selectRecordedCertificates,
  selectRecordedRevocations,
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
import type { Row, Sql } from '../store/sql.ts'

/** Name of the row of `settings` that states that the record has begun: the number of the newest certificate then. */
const begunSetting = 'record begun'
const actor: Actor = { principal: 'job:seal-record' }
/** Rows in a transaction and, for certificates and revocations, in a leaf. */
const pageRows = 500

/** Returns whether the leaves about existing rows have all been written. */
export async function hasBegun(db: Database): Promise<boolean> {
  return (await findSetting(db, begunSetting)) !== undefined
}

/**
 * Writes leaves about all existing rows: the digests of certificates and revocations, and the state of each row of the tables
 * that change. Rows that are written at the same time have leaves of their own. If the call is interrupted, the next call starts
 * again, and its leaves replace the earlier leaves.
 */
export async function beginRecord(db: Database, clock: Clock): Promise<void> {
  const [row] = await db.query(selectLastCertificate)
  const last = row === undefined ? 0 : integerOf(row, 'last')
  const counts: Record<string, number> = { certificates: await recordCertificates(db, clock, last) }
  counts['revocations'] = await recordRevocations(db, clock)
  for (const table of Object.keys(recordedTables) as RecordedTableName[])
    counts[table] = await recordStates(db, clock, table)
  const detail = JSON.stringify({ lastCertificateNumber: last, rows: counts })
  try {
    await db.transaction([
      insertSetting(begunSetting, Buffer.from(String(last))),
      appendLeaf({ kind: 'baseline', time: clock.now(), ...actor, detail }),
    ])
  } catch (error) {
    // Another node has finished first. The leaves of the other node and of this node have the same content.
    if (!(error instanceof ConflictError)) throw error
  }
}

async function recordCertificates(db: Database, clock: Clock, last: number): Promise<number> {
  let after = Number.MIN_SAFE_INTEGER
  let count = 0
  for (;;) {
    const page = await db.query(selectRecordedCertificates(after, pageRows))
    const rows = page
      .filter((row) => integerOf(row, 'certificate_number') <= last)
      .map((row) => ({
        number: integerOf(row, 'certificate_number'),
        digest: wholeCertificateDigest(row),
      }))
    if (rows.length === 0) return count
    const leaf = { table: 'certificates', rows: encodeDigestedRows(rows), ...actor } as const
    await db.transaction([appendLeaf({ kind: 'baseline', time: clock.now(), ...leaf })])
    count += rows.length
    after = rows.at(-1)?.number ?? last
  }
}

async function recordRevocations(db: Database, clock: Clock): Promise<number> {
  let after: Row | undefined
  let count = 0
  for (;;) {
    const page = await db.query(selectRecordedRevocations(after, pageRows))
    if (page.length === 0) return count
    const byAuthority = Map.groupBy(page, (row) => integerOf(row, 'authority_number'))
    const leaves = [...byAuthority].map(([authority, rows]) => {
      const digests = rows.map((row) => ({
        number: integerOf(row, 'certificate_number'),
        digest: wholeRevocationDigest(row),
      }))
      const fields = { authority, table: 'revocations', rows: encodeDigestedRows(digests) }
      return appendLeaf({ kind: 'baseline', time: clock.now(), ...fields, ...actor })
    })
    await db.transaction(leaves)
    count += page.length
    after = page.at(-1)
  }
}

async function recordStates(db: Database, clock: Clock, table: RecordedTableName): Promise<number> {
  let after: Row | undefined
  let count = 0
  for (;;) {
    const page = await db.query(selectStates(table, after, pageRows))
    if (page.length === 0) return count
    await db.transaction(page.map((row) => stateLeaf(table, row, clock.now())))
    count += page.length
    after = page.at(-1)
  }
}

function stateLeaf(table: RecordedTableName, row: Row, time: Date): Sql {
  const { key, digestColumn } = recordedTable(table)
  const digest = digestColumn === undefined ? undefined : sha256(bytesOf(row, 'digested'))
  const values = key.map((column) => row[column] ?? null)
  return recordRow({ table, key: values, ...(digest && { sha256: digest }) }, { time, actor })
}
