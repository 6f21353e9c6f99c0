/** Benchmark of the writers of both database engines, which run issuance transactions without a server. */
import { randomBytes } from 'node:crypto'
import type { Database } from '../src/store/database.ts'
import { guard, sql, type Sql } from '../src/store/sql.ts'
import { TestDatabase } from '../test/support/database.ts'
import { openTestPostgres, TestPostgres } from '../test/support/postgres.ts'
import type { BenchOptions } from './options.ts'
import { markdownTable } from './table.ts'

const callerCounts = [1, 32, 256]

const setup: readonly Sql[] = [
  sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
  sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
      key_storage_security_standard, configuration, revocation_configuration, status,
      created_at_ms, last_state_change_at_ms, revision)
    values ('one', '', '', '1', '', '', '', '', '', '', 0, 0, 0)`,
  sql`insert into certificate_counts (authority_number, issued) values (1, 0)`,
]

/** Returns the SQL statements that issue a certificate. */
function issuance(): Sql[] {
  return [
    guard(
      'quota',
      sql`update certificate_counts set issued = issued + 1
        where authority_number = ${1} and issued < ${1e9} and ${0} = (select revision
          from authorities where authority_number = ${1}) returning issued`,
    ),
    sql`insert into certificates (authority_number, serial_number, template_name,
        certificate_der, issued_at_ms, not_after)
      values (${1}, ${randomBytes(16)}, ${'t'}, ${new Uint8Array(600)}, ${1}, ${2})`,
  ]
}

/** Measures the transactions per second of several callers, distributed among the nodes. */
async function writeRate(
  nodes: readonly Database[],
  callers: number,
  seconds: number,
): Promise<number> {
  const endAt = performance.now() + seconds * 1000
  let count = 0
  const caller = async (db: Database): Promise<void> => {
    while (performance.now() < endAt) {
      await db.transaction(issuance())
      count += 1
    }
  }
  const length = callers / nodes.length
  await Promise.all(nodes.flatMap((db) => Array.from({ length }, () => caller(db))))
  return Math.round(count / seconds)
}

/** Returns a Markdown table, or undefined if PostgreSQL is not installed. */
export async function writersTable({
  seconds,
}: Pick<BenchOptions, 'seconds'>): Promise<string | undefined> {
  const server = await TestPostgres.start()
  if (server === undefined) return undefined
  try {
    const database = await server.createDatabase()
    const nodes = [await openTestPostgres(database), await openTestPostgres(database)]
    await using sqlite = await TestDatabase.open()
    for (const db of [...nodes.slice(0, 1), sqlite.db]) await db.transaction(setup)
    const rows: string[][] = []
    for (const callers of callerCounts) {
      const cells = [
        await writeRate([sqlite.db], callers, seconds),
        await writeRate(nodes.slice(0, 1), callers, seconds),
        callers === 1 ? '–' : await writeRate(nodes, callers, seconds),
      ]
      rows.push([callers, ...cells].map(String))
    }
    for (const db of nodes) await db.close()
    return markdownTable(['callers', 'SQLite', 'PostgreSQL, one node', 'two nodes'], rows)
  } finally {
    await server.close()
  }
}
