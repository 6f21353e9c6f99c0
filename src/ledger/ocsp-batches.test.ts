import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { decodeLeaf } from '../record/leaf.ts'
import { sha256 } from '../record/merkle.ts'
import { readLeaves } from '../store/leaves.ts'
import { createOcspBatches } from './ocsp-batches.ts'

const onFailure = (): never => assert.fail()
const clock = { now: () => new Date(Date.UTC(2026, 0)) }
const der = (text: string): Uint8Array => Buffer.from(text)

test('the OCSP responses of each CA in a batch are one leaf', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const batches = createOcspBatches({ db, clock, onFailure })
  batches.add(1, der('a'))
  batches.add(2, der('b'))
  batches.add(1, der('c'))
  await batches.flush()
  await batches.flush()
  const leaves = (await readLeaves(db, 0, 10)).map(({ data }) => decodeLeaf(data))
  assert.deepEqual(
    leaves.map(({ kind, authority, detail }) => [kind, authority, detail]),
    [
      ['ocsp-responses', 1, '{"responses":2}'],
      ['ocsp-responses', 2, '{"responses":1}'],
    ],
  )
  const expected = sha256(Buffer.concat([sha256(der('a')), sha256(der('c'))]))
  assert.deepEqual(Buffer.from(leaves[0]?.sha256 ?? []), expected)
})

test('OCSP responses whose leaf cannot be written are written later, before later responses', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  let isUp = false
  const transaction: typeof db.transaction = (statements) =>
    isUp ? db.transaction(statements) : Promise.reject(new Error('down'))
  const batches = createOcspBatches({ db: { ...db, transaction }, clock, onFailure })
  batches.add(1, der('a'))
  await assert.rejects(batches.flush(), /down/)
  batches.add(1, der('b'))
  isUp = true
  await batches.flush()
  const leaves = (await readLeaves(db, 0, 10)).map(({ data }) => decodeLeaf(data))
  assert.deepEqual(
    leaves.map((leaf) => Buffer.from(leaf.sha256 ?? []).toString('hex')),
    ['a', 'b'].map((text) => Buffer.from(sha256(sha256(der(text)))).toString('hex')),
  )
})
