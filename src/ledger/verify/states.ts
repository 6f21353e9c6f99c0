/** Compares the rows of mutable tables with their leaves, in both directions. */
import type { Leaf } from '../../record/leaf.ts'
import { isSameHash, sha256 } from '../../record/merkle.ts'
import { bytesOf } from '../../store/columns.ts'
import { parseState } from '../../record/leaf-state.ts'
import {
  isRecordedTable,
  keyText,
  recordedTable,
  recordedTables,
  selectStates,
  type RecordedTableName,
} from '../../store/recorded-states.ts'
import { rowsOf } from '../../store/snapshot.ts'
import type { Row, Sql } from '../../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

/** The last leaf for a row. A deleted row has no state. */
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
    // The bytes column never changes, so its digest is required only in a row's first leaf.
    if (state === undefined) {
      rows.delete(key)
      this.#removeShares(table, key)
    } else rows.set(key, { state, sha256: digest ?? rows.get(key)?.sha256 })
  }

  /** Deleting a share also deletes the rows for its CAs, and DeletePolicy removes a CA from all shares. */
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
  // Leaves do not contain columns that later versions added.
  return [...recorded].flatMap(([column, value]) => (current.get(column) === value ? [] : [column]))
}
