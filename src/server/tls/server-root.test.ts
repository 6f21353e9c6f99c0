import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { fixedSealers } from '../../../test/support/fixed-sealers.ts'
import { TestClock } from '../../../test/support/service.ts'
import { TestRandom } from '../../../test/support/test-random.ts'
import { createLocalKeyStore } from '../../keys/local-key-store.ts'
import { createSealer } from '../../sealer.ts'
import type { Database } from '../../store/database.ts'
import { createKeyRecords } from '../../store/keys.ts'
import { findSetting, putSetting } from '../../store/metadata.ts'
import { openServerRoot, type ServerRoot } from './server-root.ts'

const clock = new TestClock()
const random = new TestRandom()
const sealers = fixedSealers(createSealer(random.bytes(32), random))

function rootOf(db: Database): Promise<ServerRoot> {
  const records = createKeyRecords(db, clock)
  return openServerRoot({ db, clock, random }, createLocalKeyStore({ records, sealers, random }))
}

test('processes that start at the same time have one root', async () => {
  await using database = await TestDatabase.open()
  const others = await Promise.all([database.openAgain(), database.openAgain()])
  const roots = await Promise.all([database.db, ...others].map(rootOf))
  const [first, ...rest] = roots.map(({ certificate }) =>
    Buffer.from(certificate.der).toString('hex'),
  )
  assert.deepEqual(rest, [first, first])
  const stored = await findSetting(database.db, 'tls root')
  assert.equal(Buffer.from(stored ?? []).toString('hex'), first)
  for (const db of others) await db.close()
})

test('a root that expires within a third of its life, or that is unreadable, is replaced', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const first = await rootOf(db)
  assert.deepEqual((await rootOf(db)).certificate.der, first.certificate.der)
  clock.advance({ days: 2434 })
  const second = await rootOf(db)
  assert.notDeepEqual(second.certificate.der, first.certificate.der)
  assert.deepEqual(second.keyId, first.keyId)
  await db.transaction([putSetting('tls root', Buffer.from('not a certificate'))])
  const third = await rootOf(db)
  assert.deepEqual(third.certificate.subject.der, first.certificate.subject.der)
})
