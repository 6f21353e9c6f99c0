import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { ConflictError } from '../database.ts'
import { sqliteSchema } from '../sqlite/schema.ts'
import { cancelOrders, requireValidAccount } from './accounts.ts'
import { insertUsedNonce } from './nonces.ts'

const database = await TestDatabase.open()
after(() => database[Symbol.asyncDispose]())
const { db } = database

test('the statements of a deactivation search by the account, and read no other rows', () => {
  using schema = new DatabaseSync(':memory:')
  for (const version of sqliteSchema) schema.exec(version)
  for (const { text } of cancelOrders({ number: 1 })) {
    const plan = schema.prepare(`explain query plan ${text}`).all() as { detail: string }[]
    assert.deepEqual(
      plan.filter(({ detail }) => detail.startsWith('SCAN')),
      [],
      text,
    )
  }
})

test('a nonce can be inserted once', async () => {
  const statement = insertUsedNonce('nonce', new Date(1))
  await db.transaction([statement])
  await assert.rejects(
    db.transaction([statement]),
    (error) => error instanceof ConflictError && error.guard === 'duplicate',
  )
})

test('an account that does not exist is a conflict', async () => {
  await assert.rejects(
    db.transaction([requireValidAccount({ number: 1 })]),
    (error) => error instanceof ConflictError && error.guard === 'account',
  )
})
