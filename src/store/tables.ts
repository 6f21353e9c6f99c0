/**
 * The tables of the database, for backups, restores and checks. The pages docs/reference/database-tables*.md describe the
 * tables.
 */
import type { Row, Sql, SqlValue } from './sql.ts'

/** All tables that are backed up. Each table comes after the tables that its rows refer to. */
const tableNames: readonly string[] = [
  'settings',
  'accounts',
  'users',
  'roles',
  'identity_policies',
  'identity_providers',
  'access_keys',
  'keys',
  'token_keys',
  'authorities',
  'authority_certificates',
  'certificates',
  'retired_certificates',
  'certificate_counts',
  'certificate_intents',
  'tags',
  'idempotency_tokens',
  'crls',
  'revocations',
  'audit_reports',
  'expiry_announcements',
  'events',
  'job_outcomes',
  'resource_policies',
  'shares',
  'share_authorities',
  'authority_sharing',
  'permissions',
  'approval_policies',
  'approvals',
  'enrollment_endpoints',
  'est_passwords',
  'acme_binding_keys',
  'acme_accounts',
  'acme_orders',
  'acme_authorizations',
  'acme_order_authorizations',
  'acme_challenges',
  'record_leaves',
  'record_tiles',
  'record_checkpoint',
]

/**
 * Tables that backups omit. A job fills some of these tables from other tables, and `ocsp_responses` contains responses that
 * servers can sign again. The remaining tables describe a particular database file and its server.
 */
const derivedTables: ReadonlySet<string> = new Set([
  'certificate_days',
  'certificate_facets',
  'certificate_names',
  'search_progress',
  'ocsp_responses',
  'ownership',
  'acme_used_nonces',
])

export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** Columns of the table's primary key, in order. */
  readonly key: readonly string[]
}

/**
 * Number of SQLite schema versions that precede the first PostgreSQL schema. This number is added to the version of a PostgreSQL
 * schema, so that a version has the same tables and columns on both engines.
 */
export const versionsBeforePostgres = 3

/** Sorts tables in the order of `tableNames`. Throws an error if a table is missing or not in `tableNames`. */
export function sortTables(tables: readonly Table[]): Table[] {
  const unknown = tables.find(({ name }) => !tableNames.includes(name))
  if (unknown !== undefined) throw new Error(`the table ${unknown.name} is missing from tableNames`)
  return tableNames.map((tableName) => {
    const table = tables.find(({ name }) => name === tableName)
    if (table === undefined) throw new Error(`the table ${tableName} does not exist`)
    return table
  })
}

/**
 * Builds tables from rows with `table_name`, `column_name` and `key_position` (0 for a column outside the primary key), sorted
 * by column. Derived tables are omitted.
 */
export function tablesOf(rows: readonly Row[]): Table[] {
  const tables = Map.groupBy(rows, ({ table_name: name }) => String(name))
  const recorded = [...tables].filter(([name]) => !derivedTables.has(name))
  return recorded.map(([name, columns]) => ({
    name,
    columns: columns.map(columnNameOf),
    key: columns
      .filter(({ key_position: position }) => Number(position) > 0)
      .toSorted((a, b) => Number(a['key_position']) - Number(b['key_position']))
      .map(columnNameOf),
  }))
}

function columnNameOf({ column_name: name }: Row): string {
  return String(name)
}

/** Selects a page of rows that follow the row `after`, sorted by primary key. */
export function selectPage({ name, key }: Table, after: Row | undefined, limit: number): Sql {
  const order = key.join(', ')
  if (after === undefined)
    return { text: `select * from ${name} order by ${order} limit ?`, values: [limit] }
  return {
    text: `select * from ${name} where (${order}) > (${key.map(() => '?').join(', ')})
      order by ${order} limit ?`,
    values: [...key.map((column): SqlValue => after[column] ?? null), limit],
  }
}
