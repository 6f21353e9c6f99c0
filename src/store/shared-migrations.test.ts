import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { postgresSchema } from './postgres/schema.ts'
import { sqliteSchema } from './sqlite/schema.ts'
import { versionsBeforePostgres } from './tables.ts'

test('a schema version has the same tables and columns on both engines', () => {
  assert.equal(sqliteSchema.length, postgresSchema.length + versionsBeforePostgres)
})

const digest = (migrations: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(migrations)).digest('hex')

test('released migrations are unchanged', () => {
  assert.equal(
    digest(sqliteSchema.slice(0, 9)),
    '23fe04e47119389b323865d6ced63c31a1014d4d975ce14f3cc6f6daa996a9bd',
  )
  assert.equal(
    digest(postgresSchema.slice(0, 6)),
    '908283219bda133f0efe32573025c88c2b8b14174835cb2df8d3cfc2d347187e',
  )
})

test('CRLs that earlier versions published get a nextUpdate computed from their due time', () => {
  const at = sqliteSchema.findIndex((migration) => migration.includes('next_update_ms'))
  using db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  for (const migration of sqliteSchema.slice(0, at)) db.exec(migration)
  const insert = db.prepare(`insert into crls (authority_number, name, kind, certificates,
    last_not_after, changes, published_changes, due_at_ms, failures, retry_at_ms, lease_until_ms,
    crl_number, generated_at_ms) values (1, ?, 'COMPLETE', 0, 0, 2, ?, ?, 0, 0, 0, 0, ?)`)
  insert.run('published', 2, 1500, 1000)
  insert.run('with a revocation', 1, 1100, 1000)
  insert.run('suspended', 2, null, 1000)
  insert.run('new', 0, 1000, null)
  for (const migration of sqliteSchema.slice(at)) db.exec(migration)
  const rows = db.prepare('select name, next_update_ms from crls order by crl_id').all()
  assert.deepEqual(
    rows.map((row) => [row['name'], row['next_update_ms']]),
    [
      ['published', 2000],
      ['with a revocation', null],
      ['suspended', null],
      ['new', null],
    ],
  )
})

test('CA certificates that were imported in the same millisecond get distinct times of import, in order', () => {
  const at = sqliteSchema.findIndex((migration) => migration.includes('table record_leaves'))
  using db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  for (const migration of sqliteSchema.slice(0, at)) db.exec(migration)
  const insert = db.prepare(`insert into authority_certificates (authority_number, serial_number,
    not_before, not_after, certificate_der, imported_at_ms) values (?, '01', 0, 0, x'', ?)`)
  for (const [authority, time] of [
    [1, 1000],
    [1, 1000],
    [2, 1000],
    [1, 1000],
    [1, 1001],
    [1, 5000],
  ] as const)
    insert.run(authority, time)
  for (const migration of sqliteSchema.slice(at)) db.exec(migration)
  const rows = db
    .prepare('select imported_at_ms from authority_certificates order by 1, authority_number')
    .all()
  assert.deepEqual(
    rows.map((row) => row['imported_at_ms']),
    [1000, 1000, 1001, 1002, 1003, 5000],
  )
})
