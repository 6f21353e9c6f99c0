import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import {
  deleteExpiredOcspResponses,
  deleteSurplusOcspResponses,
  findOcspResponse,
  putOcspResponse,
  type OcspResponseRow,
} from './ocsp-responses.ts'

const now = new Date(Date.UTC(2026, 0))
const after = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const rowOf = (byte: number, more: Partial<OcspResponseRow> = {}): OcspResponseRow => ({
  certIdSha256: hash(byte),
  authorityCertificateNumber: 1,
  status: 'good',
  producedAt: now,
  nextUpdate: after(60),
  response: Uint8Array.of(byte),
  ...more,
})

test('a response is found only during its validity, and is replaced by a later one', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await db.transaction([putOcspResponse(rowOf(1))])
  const later = rowOf(1, { status: 'revoked', producedAt: after(30), nextUpdate: after(90) })
  assert.deepEqual(await findOcspResponse(db, hash(1), now), rowOf(1))
  assert.equal(await findOcspResponse(db, hash(2), now), undefined)
  assert.equal(await findOcspResponse(db, hash(1), after(-1)), undefined)
  assert.equal(await findOcspResponse(db, hash(1), after(60)), undefined)
  await db.transaction([putOcspResponse(later)])
  assert.equal((await findOcspResponse(db, hash(1), after(60)))?.status, 'revoked')
})

test('expired responses are deleted, and of too many those that expire first', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const bytes = [1, 2, 3, 4, 5, 6]
  await db.transaction(
    bytes.map((byte) => putOcspResponse(rowOf(byte, { nextUpdate: after(byte) }))),
  )
  const remaining = async (): Promise<number[]> => {
    const found = await Promise.all(bytes.map((byte) => findOcspResponse(db, hash(byte), now)))
    return found.flatMap((row) => (row === undefined ? [] : [...row.response]))
  }
  const [expired = []] = await db.transaction([deleteExpiredOcspResponses(after(2), 1)])
  assert.deepEqual([expired.length, await remaining()], [1, [2, 3, 4, 5, 6]])
  await db.transaction([deleteExpiredOcspResponses(after(2), 10)])
  assert.deepEqual(await remaining(), [3, 4, 5, 6])
  for (const [limit, max, left] of [
    [10, 4, [3, 4, 5, 6]],
    [1, 2, [4, 5, 6]],
    [10, 1, [6]],
  ] as const) {
    await db.transaction([deleteSurplusOcspResponses(limit, max)])
    assert.deepEqual(await remaining(), left)
  }
})
