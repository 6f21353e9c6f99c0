/**
 * Tests that both engines return the same rows and conflicts for the same transactions, and have the same contents afterwards.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ConflictError, type Database } from '../../src/store/database.ts'
import { guard, sql, type GuardName, type Row, type Sql } from '../../src/store/sql.ts'
import { TestDatabase } from '../support/database.ts'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../support/postgres.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())
/** A fixed seed, so that each run executes the same transactions. */
const seed = 1042885322

const name = fc.constantFrom('', 'a', 'A', 'b', 'ä', 'B b', '𝕊')
const integer = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
)
const bytes = fc.uint8Array({ maxLength: 4 })
const rowCount = fc.integer({ min: 0, max: 2 })
const condition = fc.constantFrom<GuardName>('quota', 'revision', 'lease', 'missing')

const statement: fc.Arbitrary<Sql> = fc.oneof(
  fc
    .tuple(name, bytes)
    .map(([key, value]) => sql`insert into settings (name, value) values (${key}, ${value})`),
  fc.tuple(name, bytes).map(
    ([key, value]) => sql`insert into settings (name, value) values (${key}, ${value})
      on conflict (name) do update set value = excluded.value returning name, value`,
  ),
  fc.tuple(name, bytes).map(
    ([key, value]) => sql`insert into settings (name, value) values (${key}, ${value})
      on conflict (name) do nothing returning name`,
  ),
  fc.tuple(name, integer, rowCount, condition).map(([key, limit, count, named]) =>
    guard(
      named,
      sql`insert into accounts (account_id, created_at_ms) select ${key}, ${limit}
        where ${3} > (select count(*) from accounts) returning account_id`,
      count,
    ),
  ),
  fc.tuple(integer, integer, rowCount, condition).map(([from, to, count, named]) =>
    guard(
      named,
      sql`update accounts set created_at_ms = ${to} where created_at_ms <= ${from}
        returning account_id`,
      count,
    ),
  ),
  name.map((key) => sql`delete from settings where name > ${key} returning name`),
  name.map(
    (key) => sql`insert into roles (role_id, account_id, role_name, trust_policy,
        session_seconds_max, tags, created_at_ms)
      select ${key}, account_id, lower(account_id), '', 0, '{}', created_at_ms from accounts`,
  ),
  name.map((key) => sql`delete from accounts where account_id = ${key}`),
  fc
    .tuple(name, fc.integer({ min: 0, max: 3 }))
    .map(
      ([after, limit]) =>
        sql`select name, value from settings where name >= ${after} order by name limit ${limit}`,
    ),
  fc
    .tuple(rowCount, condition)
    .map(([count, named]) =>
      guard(named, sql`select count(*) as n from settings having count(*) <= ${count}`),
    ),
)

const transaction = fc.array(statement, { maxLength: 4 })
/** Groups of concurrent transactions. */
const groups = fc.array(fc.array(transaction, { minLength: 1, maxLength: 5 }), { maxLength: 6 })

/** Rows as sorted JSON, because statements without ORDER BY return rows in arbitrary order. */
function sortedJson(rows: readonly Row[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row).map(([column, value]) => [
          column,
          value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
        ]),
      ),
    )
    .toSorted((a, b) => (a < b ? -1 : 1))
}

async function outcomesOf(db: Database, group: readonly (readonly Sql[])[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(group.map((statements) => db.transaction(statements)))
  return settled.map((result) => {
    if (result.status === 'fulfilled') return result.value.map(sortedJson)
    const reason: unknown = result.reason
    return reason instanceof ConflictError ? `conflict: ${reason.guard}` : 'fault'
  })
}

async function contentOf(db: Database): Promise<string[][]> {
  const tables = [
    sql`select * from settings`,
    sql`select * from accounts`,
    sql`select * from roles`,
  ]
  return Promise.all(tables.map(async (table) => sortedJson(await db.query(table))))
}

const clear = [
  sql`delete from roles`,
  sql`delete from accounts`,
  sql`delete from settings`,
] as const

test('both engines have the same tables, with the same columns in the same order', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  await using sqlite = await TestDatabase.open()
  const options = await server.createDatabase()
  await (await openTestPostgres(options)).close()
  const ofSqlite = await sqlite.db.query({
    text: `select m.name as "table", c.name as "column" from sqlite_schema m
      join pragma_table_info(m.name) c
      where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.cid`,
    values: [],
  })
  const ofPostgres = await server.admin(
    `select table_name::text collate "C" as "table", column_name::text as "column"
      from information_schema.columns
      where table_schema = 'signet' and table_name <> 'schema_version'
      order by 1, ordinal_position`,
    options.database,
  )
  const columnNames = (rows: readonly Record<string, unknown>[]): string[] =>
    rows.map((row) => `${String(row['table'])}.${String(row['column'])}`)
  assert.ok(ofSqlite.length > 100)
  assert.deepEqual(columnNames(ofPostgres), columnNames(ofSqlite))
})

test('random transactions produce the same rows, conflicts and content on both engines', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  await using sqlite = await TestDatabase.open()
  const postgresDb = await openTestPostgres(await server.createDatabase())
  // Warms up the prepared statements. A transaction with unprepared statements may be retried after other transactions in its
  // group. The resulting order of transactions is correct, but differs from SQLite's.
  for (const sample of fc.sample(statement, { numRuns: 200, seed }))
    await outcomesOf(postgresDb, [[sample]])
  await fc.assert(
    fc.asyncProperty(groups, async (transactionGroups) => {
      for (const db of [sqlite.db, postgresDb]) await db.transaction(clear)
      for (const group of transactionGroups) {
        assert.deepEqual(await outcomesOf(postgresDb, group), await outcomesOf(sqlite.db, group))
        assert.deepEqual(await contentOf(postgresDb), await contentOf(sqlite.db))
      }
    }),
    { numRuns: 150, seed },
  )
  await postgresDb.close()
})
