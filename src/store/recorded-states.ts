/**
 * Tables with mutable rows that the record covers. Each change to a row adds a leaf with the new values of the recorded columns.
 * The database itself writes the new values into the leaf. Columns that only count, cache or schedule something are not recorded.
 */
import { encodeLeaf, type Actor, type LeafFields } from '../record/leaf.ts'
import type { ChangedRow, Row, Sql, SqlValue } from './sql.ts'

interface RecordedTable {
  /** Columns that identify a row of the table. */
  readonly key: readonly string[]
  /** SQL expressions for the key columns, and a condition on them, if these columns are not in the table itself. */
  readonly keySql?: { readonly expressions: readonly string[]; readonly condition: string }
  /** Recorded columns, which contain text or integers. */
  readonly columns: readonly string[]
  /** Column that contains bytes. The bytes never change, and their SHA-256 is a field of the leaf. */
  readonly digestColumn?: string
}

export const recordedTables = {
  accounts: { key: ['account_id'], columns: ['organization_id', 'created_at_ms'] },
  users: { key: ['user_id'], columns: ['account_id', 'user_name', 'tags', 'created_at_ms'] },
  roles: {
    key: ['role_id'],
    columns: [
      'account_id',
      'role_name',
      'trust_policy',
      'session_seconds_max',
      'tags',
      'created_at_ms',
    ],
  },
  identity_policies: { key: ['principal_id', 'policy_name'], columns: ['policy'] },
  identity_providers: {
    key: ['account_id', 'issuer'],
    columns: ['audiences', 'key_set', 'created_at_ms'],
  },
  enrollment_endpoints: {
    key: ['protocol', 'name'],
    columns: ['account_id', 'authority_number', 'configuration', 'created_at_ms'],
  },
  acme_binding_keys: {
    key: ['key_id'],
    columns: ['endpoint_name', 'names', 'reusable', 'created_at_ms', 'expires_at_ms'],
  },
  acme_accounts: {
    key: ['acme_account_id'],
    columns: [
      'endpoint_name',
      'key_thumbprint',
      'public_key',
      'contacts',
      'status',
      'binding_key_id',
      'created_at_ms',
    ],
  },
  est_passwords: {
    key: ['user_name'],
    columns: ['endpoint_name', 'names', 'created_at_ms', 'expires_at_ms'],
  },
  access_keys: {
    key: ['access_key_id'],
    columns: [
      'account_id',
      'user_id',
      'service_principal',
      'source_arn',
      'policy',
      'active',
      'created_at_ms',
    ],
  },
  keys: {
    key: ['name'],
    columns: ['algorithm'],
    digestColumn: 'subject_public_key_info',
  },
  token_keys: {
    key: ['name'],
    columns: ['algorithm', 'handle'],
    digestColumn: 'subject_public_key_info',
  },
  authorities: {
    key: ['id'],
    columns: [
      'authority_number',
      'partition_name',
      'region',
      'account_id',
      'type',
      'usage_mode',
      'key_storage_security_standard',
      'configuration',
      'revocation_configuration',
      'status',
      'failure_reason',
      'created_at_ms',
      'last_state_change_at_ms',
      'key_handle',
      'csr_pem',
      'authority_certificate_number',
      'crl_id',
      'deleted_at_ms',
      'restorable_until_ms',
    ],
  },
  authority_certificates: {
    key: ['authority_number', 'imported_at_ms'],
    columns: ['serial_number', 'not_before', 'not_after', 'chain_pem', 'issuer_identity'],
    digestColumn: 'certificate_der',
  },
  certificate_intents: {
    key: ['authority_number', 'serial_number'],
    columns: [
      'authority_certificate_number',
      'template_name',
      'signing_algorithm',
      'not_after',
      'crl_id',
      'requester_account_id',
      'requester_service',
      'requester_arn',
      'requested_at_ms',
      'failure_reason',
      'failed_at_ms',
    ],
    digestColumn: 'tbs_certificate_der',
  },
  tags: {
    key: ['authority_id', 'tag_key'],
    keySql: {
      expressions: [
        '(select a.id from authorities a where a.authority_number = tags.authority_number)',
        'tag_key',
      ],
      condition:
        'authority_number = (select authority_number from authorities where id = ?) and tag_key = ?',
    },
    columns: ['tag_value'],
  },
  resource_policies: { key: ['authority_number'], columns: ['policy'] },
  shares: {
    key: ['share_id'],
    columns: ['account_id', 'name', 'permission', 'principals', 'created_at_ms'],
  },
  share_authorities: { key: ['share_id', 'authority_number'], columns: ['policy'] },
  crls: {
    key: ['name'],
    columns: [
      'crl_id',
      'authority_number',
      'kind',
      'issuer_identity',
      'generated_at_ms',
      'etag',
      'bucket',
      'object_key',
      'size',
      'entries',
      'next_update_ms',
      'kept_since',
    ],
  },
  permissions: {
    key: ['authority_number', 'principal', 'source_account'],
    columns: ['actions', 'created_at_ms'],
  },
  approval_policies: { key: ['account_id'], columns: ['actions', 'window_seconds'] },
  approvals: {
    key: ['approval_id'],
    columns: [
      'account_id',
      'action',
      'operation',
      'resource_arn',
      'input',
      'requester_arn',
      'requester_person',
      'requested_at_ms',
      'window_seconds',
      'state',
      'expires_at_ms',
      'decider_arn',
      'decider_person',
      'decided_at_ms',
      'used_at_ms',
    ],
    digestColumn: 'request_hash',
  },
} as const satisfies Readonly<Record<string, RecordedTable>>

export type RecordedTableName = keyof typeof recordedTables

export function recordedTable(name: RecordedTableName): RecordedTable {
  return recordedTables[name]
}

export function isRecordedTable(name: string): name is RecordedTableName {
  return Object.hasOwn(recordedTables, name)
}

/** The time of a change to rows, and the principal that made the change. */
export interface ChangeContext extends Pick<LeafFields, 'authority' | 'detail'> {
  readonly time: Date
  readonly actor: Actor
  /** Kind of the leaf. The default is `change`. */
  readonly kind?: 'change' | 'crl'
}

/** Returns the text that represents a row's key in leaves. */
export function keyText(key: readonly SqlValue[]): string {
  return JSON.stringify(key)
}

/**
 * Returns the SQL that computes the state of a row. The state is a comma-separated list with `column=-` for each null and
 * `column=LENGTH:VALUE` for every other value. LENGTH is in bytes. The SQL is the same on every engine.
 */
function stateExpression({ columns }: RecordedTable): string {
  return columns
    .map((column) => {
      const text = `cast(${column} as text)`
      return `'${column}=' || coalesce(cast(octet_length(${text}) as text) || ':' || ${text}, '-')`
    })
    .join(" || ',' || ")
}

const appended = new Map<RecordedTableName, string>()

/**
 * Returns the text of the statement for a table. The text is built only once, so that the prepared statement is found under the
 * same string.
 */
function appendText(table: RecordedTableName): string {
  const known = appended.get(table)
  if (known !== undefined) return known
  const columns = recordedTable(table)
  const condition =
    columns.keySql?.condition ?? columns.key.map((column) => `${column} = ?`).join(' and ')
  const text = `insert into record_leaves (leaf_number, entry, state)
    values ((select coalesce(max(leaf_number), -1) + 1 from record_leaves), ?,
      (select ${stateExpression(columns)} from ${table} where ${condition}))`
  appended.set(table, text)
  return text
}

/**
 * Appends a leaf with the state that a row has after the preceding statements of the transaction. The leaf for a deleted row
 * contains no state.
 */
export function recordRow(
  { table, key, sha256 }: ChangedRow,
  { time, actor, kind = 'change', ...fields }: ChangeContext,
): Sql {
  if (!isRecordedTable(table)) throw new TypeError(`${table} is not a recorded table`)
  const leaf = { kind, time, sha256, ...fields, ...actor, table, key: keyText(key) }
  return { text: appendText(table), values: [encodeLeaf(leaf), ...key] }
}

/** Adds the leaves for all changed rows to the statements of a transaction. */
export function recorded(statements: readonly Sql[], context: ChangeContext): Sql[] {
  const rows = statements.flatMap(({ changes = [] }) => changes)
  return [...statements, ...rows.map((row) => recordRow(row, context))]
}

/** Selects the key, the state and the bytes of every row in a table, sorted by key and starting after a row. */
export function selectStates(table: RecordedTableName, after: Row | undefined, limit: number): Sql {
  const { key, keySql, digestColumn } = recordedTable(table)
  const expressions = keySql?.expressions ?? key
  const keys = expressions.join(', ')
  const selected = expressions.map((expression, at) => `${expression} as ${key[at] ?? ''}`)
  const digest = digestColumn === undefined ? [] : [`${digestColumn} as digested`]
  const state = `${stateExpression(recordedTable(table))} as state`
  const values = after === undefined ? [] : key.map((column) => after[column] ?? null)
  const condition =
    after === undefined ? '' : `where (${keys}) > (${key.map(() => '?').join(', ')})`
  return {
    text: `select ${[...selected, state, ...digest].join(', ')} from ${table} ${condition}
      order by ${keys} limit ?`,
    values: [...values, limit],
  }
}
