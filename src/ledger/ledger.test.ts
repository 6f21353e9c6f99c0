/** Tests of the record in a database: its creation while rows change, and its continuation after a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ledgerOf,
  now,
  openOlder,
  openRecorded,
  problemsOf,
  racing,
  readAuthority,
  retire,
} from '../../test/support/record-database.ts'
import { openCrl } from '../store/crls.ts'
import { recorded } from '../store/recorded-states.ts'
import { sql } from '../store/sql.ts'
import { findLogParts } from './log-parts.ts'

test('a certificate that is retired while the record begins is not reported', async () => {
  for (const text of [
    /from certificates\s+where/,
    /from revocations r/,
    /from retired_certificates/,
  ]) {
    await using database = await openOlder()
    const { db } = database
    const ledger = ledgerOf(racing(db, text, () => retire(db, 1)))
    assert.ok((await ledger.seal()) > 0)
    const [{ retired } = {}] = await db.query(
      sql`select count(*) as retired from retired_certificates`,
    )
    assert.equal(Number(retired), 1)
    assert.deepEqual(await problemsOf(db), [], text.source)
  }
})

test('a CRL that is opened while the record begins is not reported', async () => {
  await using database = await openOlder()
  const { db } = database
  const change = async (): Promise<void> => {
    const statements = openCrl(await readAuthority(db), { name: 'one', kind: 'COMPLETE' }, now)
    await db.transaction(recorded(statements, { time: now, actor: { principal: 'test' } }))
  }
  await ledgerOf(racing(db, /from revocations r/, change)).seal()
  assert.deepEqual(await problemsOf(db), [])
})

test('a server that stops before its first checkpoint continues the log', async () => {
  await using database = await openRecorded()
  const { db } = database
  const unable = racing(db, /from record_leaves/, () => Promise.reject(new Error('unable')))
  await assert.rejects(ledgerOf(unable).seal(), /unable/)
  const { checkpoint } = await findLogParts(db)
  assert.equal(checkpoint?.size, 0)
  assert.ok((await ledgerOf(db).seal()) > 0)
  assert.deepEqual(await problemsOf(db), [])
})

test('nodes that begin a record at the same time create one log', async () => {
  await using database = await openRecorded()
  const { db } = database
  const ledgers = [ledgerOf(db), ledgerOf(db), ledgerOf(db)]
  await Promise.all(ledgers.map((ledger) => ledger.seal()))
  for (const ledger of ledgers) await ledger.seal()
  assert.deepEqual(await problemsOf(db), [])
  const [{ names } = {}] = await db.query(
    sql`select count(*) as names from settings where name = 'record name'`,
  )
  assert.equal(Number(names), 1)
})
