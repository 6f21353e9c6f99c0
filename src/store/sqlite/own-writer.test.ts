/** Tests of unexpected failures in the writer on the calling thread. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { createOwnWriter } from './own-writer.ts'
import { sql, type Sql } from '../sql.ts'

test('a commit with an unknown outcome rejects all waiting transactions and calls onFailure', async () => {
  using folder = new TestFolder()
  const failures: Error[] = []
  const writer = createOwnWriter(folder.file('signet.sqlite'), {
    ownership: undefined,
    onFailure: (error) => failures.push(error),
  })
  const put = (name: string): Sql =>
    sql`insert into settings (name, value) values (${name}, ${new Uint8Array()})`
  // This transaction, which no caller can pass, simulates a bug near a commit.
  const broken = undefined as unknown as Sql[]
  const requests = [[put('a')], broken, [put('b')]].map((statements) =>
    writer.run({ kind: 'transaction', statements }),
  )
  for (const { status } of await Promise.allSettled(requests)) assert.equal(status, 'rejected')
  assert.equal(failures.length, 1)
  assert.ok(failures[0] instanceof TypeError)
  await writer.close()
})
