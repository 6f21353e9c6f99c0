/** Comparison of revocations and of the tables that change with their leaves, in both directions. */
import { decodeDigestedRows } from '../record/digested-rows.ts'
import type { Leaf } from '../record/leaf.ts'
import { isSameHash, sha256 } from '../record/merkle.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import {
  selectRecordedRevocations,
  revocationDigest,
  wholeRevocationDigest,
} from '../store/recorded-rows.ts'
import {
  isRecordedTable,
  keyText,
  parseState,
  recordedTable,
  recordedTables,
  selectStates,
  type RecordedTableName,
} from '../store/recorded-states.ts'
import { rowsOf } from '../store/snapshot.ts'
import type { Row, Sql } from '../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

export class RevocationComparison {
  /** Digests by serial number, or by `#` and the number of the certificate for revocations older than the record. */
  readonly #expected = new Map<string, Uint8Array>()

  add(leaf: Leaf): void {
    const { authority = 0, serialNumber, rowDigest } = leaf
    if (leaf.kind === 'revocation' && serialNumber !== undefined && rowDigest !== undefined)
      this.#expected.set(serialKey(authority, serialNumber), rowDigest)
    if (leaf.kind === 'baseline' && leaf.table === 'revocations' && leaf.rows !== undefined)
      for (const { number, digest } of decodeDigestedRows(leaf.rows))
        this.#expected.set(`${authority}#${number}`, digest)
    if (leaf.kind === 'retirement' && serialNumber !== undefined) {
      this.#expected.delete(serialKey(authority, serialNumber))
      this.#expected.delete(`${authority}#${leaf.detail}`)
    }
  }

  async finish(read: Read, problem: AddProblem): Promise<void> {
    for await (const page of rowsOf({ read }, selectRecordedRevocations))
      for (const row of page) this.#compareRow(row, problem)
    for (const key of this.#expected.keys()) {
      const [authority, rest] = key.split(/[:#]/)
      const what = key.includes('#') ? `certificate number ${rest}` : String(rest)
      problem(`the revocation of ${what} by CA number ${authority} was removed`)
    }
  }

  #compareRow(row: Row, problem: AddProblem): void {
    const authority = integerOf(row, 'authority_number')
    const serialNumber = bytesOf(row, 'serial_number')
    const key = serialKey(authority, serialNumber)
    const earlyKey = `${authority}#${integerOf(row, 'certificate_number')}`
    const [digest, early] = [this.#expected.get(key), this.#expected.get(earlyKey)]
    const name = `the revocation of ${Buffer.from(serialNumber).toString('hex')} by CA number ${authority}`
    if (digest === undefined && early === undefined) problem(`${name} was added`)
    const isSame =
      (digest === undefined || isSameHash(revocationDigest(row), digest)) &&
      (early === undefined || isSameHash(wholeRevocationDigest(row), early))
    if (!isSame) problem(`${name} was changed`)
    this.#expected.delete(key)
    this.#expected.delete(earlyKey)
  }
}

function serialKey(authority: number, serialNumber: Uint8Array): string {
  return `${authority}:${Buffer.from(serialNumber).toString('hex')}`
}

/** The last leaf about a row. A deleted row has no state. */
interface LastState {
  readonly state: string | undefined
  readonly sha256: Uint8Array | undefined
}

export class StateComparison {
  readonly #tables = new Map<RecordedTableName, Map<string, LastState>>()

  add({ kind, table, key, state, sha256: digest }: Leaf): void {
    if ((kind !== 'change' && kind !== 'crl') || table === undefined || key === undefined) return
    if (!isRecordedTable(table)) return
    const rows = this.#tables.get(table) ?? new Map<string, LastState>()
    this.#tables.set(table, rows)
    // The column of bytes never changes, so that only the first leaf of a row has to contain its digest.
    if (state === undefined) {
      rows.delete(key)
      this.#removeShares(table, key)
    } else rows.set(key, { state, sha256: digest ?? rows.get(key)?.sha256 })
  }

  /** The CAs of a deleted share are deleted with it, and DeletePolicy removes a CA from all shares. */
  #removeShares(table: RecordedTableName, key: string): void {
    const shared = this.#tables.get('share_authorities')
    const at = { shares: 0, resource_policies: 1 }[table as string]
    if (shared === undefined || at === undefined) return
    const [id] = JSON.parse(key) as unknown[]
    for (const row of shared.keys())
      if ((JSON.parse(row) as unknown[])[at] === id) shared.delete(row)
  }

  async finish(read: Read, problem: AddProblem): Promise<void> {
    for (const table of Object.keys(recordedTables) as RecordedTableName[])
      await this.#compare(table, read, problem)
  }

  async #compare(table: RecordedTableName, read: Read, problem: AddProblem): Promise<void> {
    const expected = this.#tables.get(table) ?? new Map<string, LastState>()
    const select = (after: Row | undefined, limit: number): Sql => selectStates(table, after, limit)
    for await (const page of rowsOf({ read }, select))
      for (const row of page) compareState(table, row, { expected, problem })
    for (const key of expected.keys()) problem(`the row ${key} of ${table} was removed`)
  }
}

/** Compares a row with its last leaf, and removes the leaf from `expected`. */
function compareState(
  table: RecordedTableName,
  row: Row,
  {
    expected,
    problem,
  }: { readonly expected: Map<string, LastState>; readonly problem: AddProblem },
): void {
  const { key: keyColumns, digestColumn } = recordedTable(table)
  const key = keyText(keyColumns.map((column) => row[column] ?? null))
  const name = `the row ${key} of ${table}`
  const last = expected.get(key)
  expected.delete(key)
  if (last === undefined) {
    problem(`${name} was added`)
    return
  }
  const changed = changedColumns(last.state, String(row['state']))
  const isSame =
    last.sha256 === undefined ||
    digestColumn === undefined ||
    isSameHash(sha256(bytesOf(row, 'digested')), last.sha256)
  const columns = isSame ? changed : [...changed, digestColumn]
  if (columns.length > 0) problem(`${name} was changed: ${columns.join(', ')}`)
}

function changedColumns(before: string | undefined, now: string): string[] {
  if (before === now) return []
  const recorded = parseState(before ?? '')
  const current = parseState(now)
  if (recorded === undefined || current === undefined) return ['its state']
  // A column that a later version added is not in earlier leaves.
  return [...recorded].flatMap(([column, value]) => (current.get(column) === value ? [] : [column]))
}
