import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
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
