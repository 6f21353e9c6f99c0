/** The tables, for what reads or writes the database as a whole; what a table is for is in docs/storage.md. */
import type { Row, Sql, SqlValue } from './sql.ts'

/** Every table that is recorded in a backup, each after those that its rows refer to. */
const tableNames: readonly string[] = [
  'settings',
  'accounts',
  'users',
  'roles',
  'identity_policies',
  'identity_providers',
  'access_keys',
  'keys',
  'authorities',
  'authority_certificates',
  'certificates',
  'retired_certificates',
  'certificate_counts',
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
]

/**
 * Tables that are not backed up: those that a job fills again from other tables, and those about one database file and its
 * server.
 */
const derivedTables: ReadonlySet<string> = new Set([
  'certificate_facets',
  'certificate_names',
  'search_progress',
  'ownership',
])

export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[]
}

/**
 * So many versions SQLite's schema had before PostgreSQL's first, which has the same tables and columns. A version means
 * the same on both engines once this is added to PostgreSQL's.
 */
export const versionsBeforePostgres = 3

/** Tables in the order of `tableNames`. Throws for one that is not there, or that has no place in the order. */
export function sortTables(tables: readonly Table[]): Table[] {
  const unknown = tables.find(({ name }) => !tableNames.includes(name))
  if (unknown !== undefined) throw new Error(`the table ${unknown.name} has no place in the order`)
  return tableNames.map((tableName) => {
    const table = tables.find(({ name }) => name === tableName)
    if (table === undefined) throw new Error(`there is no table ${tableName}`)
    return table
  })
}

/**
 * Tables from rows of `table_name`, `column_name` and `key_position`, 0 for none, in the order of columns; without those
 * that follow from others.
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

/** A page of rows in the order of their key: what follows the row `after`. */
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
