/** Inserts the rows from a backup into the restored database. */
import type { BackupRecord, RowCounts, TableShape } from '../backup/records.ts'
import type { BackupValue } from '../backup/row-values.ts'
import { ConfigurationError } from '../errors.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import { neededKeyIds, requireMasterKey } from '../data-folder/rotation.ts'
import { systemRandom } from '../random.ts'
import type { RestoredPolicy } from './restore-approvals.ts'
import { checkSetting, rotationSetting } from '../store/master-keys.ts'
import type { RestoreTarget } from '../store/restore-target.ts'

const batchRows = 1000
const masterKeyBytes = 32

export class RestoredContent {
  readonly #target: RestoreTarget
  readonly #counts: Record<string, number> = {}
  #table: TableShape | undefined
  #rows: (readonly BackupValue[])[] = []
  readonly #settings = new Map<unknown, Uint8Array>()
  /** IDs of open approvals, which expire with the restore. */
  readonly openApprovals: string[] = []
  readonly approvalPolicies: RestoredPolicy[] = []
  masterKey: Uint8Array | undefined
  credentials: Uint8Array | undefined

  constructor(target: RestoreTarget) {
    this.#target = target
  }

  get counts(): RowCounts {
    return this.#counts
  }

  async take(records: readonly BackupRecord[]): Promise<void> {
    for (const record of records)
      if (record.kind === 'row') {
        this.#rows.push(record.values)
        if (this.#rows.length >= batchRows) await this.#insert()
      } else if (record.kind === 'table') {
        await this.#insert()
        this.#table = this.#requireSame(record.table)
        this.#counts[record.table.name] = 0
      } else if (record.name === 'master-key') this.masterKey = requireKey(record.bytes)
      else this.credentials = record.bytes
  }

  /** Throws unless the backup contained every table in the schema. */
  async end(): Promise<void> {
    await this.#insert()
    const missing = this.#target.tables.find(({ name }) => this.#counts[name] === undefined)
    if (missing !== undefined)
      throw new ConfigurationError(`the backup is incomplete: table ${missing.name} is missing`)
  }

  /** Throws ConfigurationError unless the master key belongs to the database. */
  requireOwn(masterKey: MasterKey): void {
    requireMasterKey(this.#masterKeySettings(), masterKey, systemRandom)
  }

  /** IDs of the master keys, one of which can decrypt the database. */
  get neededKeyIds(): readonly string[] {
    return neededKeyIds(this.#masterKeySettings())
  }

  #masterKeySettings() {
    return {
      check: this.#settings.get(checkSetting),
      rotation: this.#settings.get(rotationSetting),
    }
  }

  /** Checks table and column names against the schema, because the names become part of SQL statements. */
  #requireSame(table: TableShape): TableShape {
    const own = this.#target.tables.find(({ name }) => name === table.name)
    const isSame =
      own !== undefined &&
      JSON.stringify(own.columns.toSorted()) === JSON.stringify(table.columns.toSorted())
    if (isSame) return table
    throw new ConfigurationError(
      'the backup contains a table that does not exist in its schema version',
    )
  }

  async #insert(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    if (rows.length === 0) return
    const { name, columns } = this.#table ?? { name: '', columns: [] }
    if (name === 'settings') this.#remember(columns, rows)
    if (name === 'approvals') this.#rememberApprovals(columns, rows)
    if (name === 'approval_policies') this.#rememberPolicies(columns, rows)
    this.#counts[name] = (this.#counts[name] ?? 0) + rows.length
    await this.#target.insert(name, columns, rows)
  }

  #rememberApprovals(columns: readonly string[], rows: readonly (readonly BackupValue[])[]): void {
    const [id, state] = [columns.indexOf('approval_id'), columns.indexOf('state')]
    for (const values of rows)
      if (values[state] === 'PENDING' || values[state] === 'APPROVED')
        this.openApprovals.push(String(values[id]))
  }

  #rememberPolicies(columns: readonly string[], rows: readonly (readonly BackupValue[])[]): void {
    for (const values of rows) {
      const row = Object.fromEntries(columns.map((column, at) => [column, values[at]]))
      this.approvalPolicies.push({
        accountId: String(row['account_id']),
        actions: JSON.parse(String(row['actions'])) as string[],
        windowSeconds: Number(row['window_seconds']),
      })
    }
  }

  /** Keeps the settings that identify the master key. */
  #remember(columns: readonly string[], rows: readonly (readonly BackupValue[])[]): void {
    for (const values of rows) {
      const value = values[columns.indexOf('value')]
      if (value instanceof Uint8Array) this.#settings.set(values[columns.indexOf('name')], value)
    }
  }
}

function requireKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length === masterKeyBytes) return bytes
  throw new ConfigurationError('the master key in the backup has the wrong length')
}
