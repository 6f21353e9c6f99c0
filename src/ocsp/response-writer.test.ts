import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../store/database.ts'
import type { OcspResponseRow } from '../store/ocsp-responses.ts'
import type { Sql } from '../store/sql.ts'
import { createResponseWriter } from './response-writer.ts'

const rowFor = (number: number, status: OcspResponseRow['status'] = 'good'): OcspResponseRow => ({
  certIdSha256: Buffer.from(String(number)),
  authorityCertificateNumber: 1,
  status,
  producedAt: new Date(0),
  nextUpdate: new Date(60_000),
  response: Uint8Array.of(1),
})

/** A response writer that collects its transactions. `fail` makes the next transaction fail. */
function startWriter() {
  const transactions: (readonly Sql[])[] = []
  let isUp = true
  const transaction: Database['transaction'] = (statements) => {
    if (!isUp) return Promise.reject(new Error('down'))
    transactions.push(statements)
    return Promise.resolve([])
  }
  const writer = createResponseWriter({
    db: { transaction } as Database,
    onFailure: () => assert.fail(),
  })
  return { writer, transactions, fail: () => (isUp = false), recover: () => (isUp = true) }
}

test('only the last response for a certificate is stored', async () => {
  const { writer, transactions } = startWriter()
  writer.add(rowFor(1))
  writer.add(rowFor(1, 'revoked'))
  await writer.flush()
  const [statements = []] = transactions
  assert.deepEqual([transactions.length, statements.length], [1, 1])
  assert.ok(statements[0]?.values.includes('revoked'))
})

test('many responses are stored in several transactions, and at most 20,000 wait', async () => {
  const { writer, transactions } = startWriter()
  for (let serial = 0; serial < 21_000; serial += 1) writer.add(rowFor(serial))
  await writer.flush()
  assert.equal(transactions.length, 40)
  assert.ok(transactions.every(({ length }) => length === 500))
})

test('responses that cannot be stored are dropped, and later ones are stored', async () => {
  const { writer, transactions, fail, recover } = startWriter()
  fail()
  writer.add(rowFor(1))
  await assert.rejects(writer.flush(), /down/)
  recover()
  writer.add(rowFor(2))
  await writer.flush()
  assert.deepEqual(
    transactions.map(({ length }) => length),
    [1],
  )
})
