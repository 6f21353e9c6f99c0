/** Tests that the reads in one turn of the event loop use one snapshot, and that a read sees every acknowledged commit. */
import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { TestDatabase, TestFolder } from '../../../test/support/database.ts'
import type { Database } from '../database.ts'
import { sql, type Sql } from '../sql.ts'
import { SqliteConnection } from './connection.ts'
import { openSqlite } from './database.ts'
import { createOwnWriter } from './own-writer.ts'
import { TurnReader } from './turn-reader.ts'

const write = (value: number): Sql => sql`insert into settings (name, value)
  values ('register', ${Buffer.of(value)}) on conflict (name) do update set value = excluded.value`

const select = sql`select value from settings where name = 'register'`

async function read(db: Database): Promise<number> {
  const [row] = await db.query(select)
  return (row?.['value'] as Uint8Array | undefined)?.[0] ?? 0
}

test('reads of one turn use one snapshot, even if another process commits in between', async () => {
  await using database = await TestDatabase.open()
  const { db, path } = database
  await db.transaction([write(1)])
  await nextTurn()
  const snapshot = db.snapshot?.()
  assert.equal(await read(db), 1)
  const other = new DatabaseSync(path)
  other.exec(`update settings set value = x'02' where name = 'register'`)
  other.close()
  assert.equal(await read(db), 1)
  assert.equal(db.snapshot?.(), snapshot)
  await nextTurn()
  assert.equal(await read(db), 2)
  assert.notEqual(db.snapshot?.(), snapshot)
})

test('a read after a transaction uses a new snapshot, even after a conflict', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const before = db.snapshot?.()
  await db.transaction([write(1)])
  assert.equal(await read(db), 1)
  assert.notEqual(db.snapshot?.(), before)
  const second = db.snapshot?.()
  const insert = sql`insert into settings (name, value) values ('register', x'03')`
  await assert.rejects(db.transaction([insert]))
  assert.notEqual(db.snapshot?.(), second)
})

test('a read that fails because of the disk ends its snapshot, and later reads succeed', async () => {
  await using database = await TestDatabase.open()
  const { db, path } = database
  await db.transaction([write(1)])
  const reader = new TurnReader(
    new SqliteConnection(path, { readOnly: true, recordsDamage: false }),
  )
  const before = reader.snapshot()
  // The data is in the write-ahead log. Without the log file, SQLite ends the transaction by itself.
  const log = `${path}-wal`
  const kept = readFileSync(log)
  truncateSync(log)
  assert.throws(() => reader.query(select), /disk I\/O error/)
  writeFileSync(log, kept)
  assert.notEqual(reader.snapshot(), before)
  assert.equal(reader.query(select).length, 1)
  reader.close()
})

test('for any order of reads, writes and turns, a read sees every write acknowledged before it', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('read'), on: fc.nat(1) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('write'), on: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('microtask'), on: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn'), on: fc.nat(1) }) },
  )
  await using database = await TestDatabase.open()
  // Two writers with separate connections, like a server and a command.
  const other = await openSqlite(database.path)
  const connections = [database.db, other]
  let written = 0
  let acknowledged = 0
  /** Runs the steps of a client while other clients run theirs. */
  async function client(steps: readonly { kind: string; on: number }[]): Promise<void> {
    for (const { kind, on } of steps) {
      const db = connections[on] as Database
      if (kind === 'microtask') await Promise.resolve()
      else if (kind === 'turn') await nextTurn()
      else if (kind === 'write') {
        const number = (written += 1)
        await db.transaction([
          sql`insert into settings (name, value) values (${`write ${number}`}, x'00')`,
        ])
        acknowledged += 1
      } else {
        // A client represents another process, in which separate callbacks receive an acknowledgement and send the next request.
        await nextTurn()
        const atLeast = acknowledged
        const [row] = await db.query(
          sql`select count(*) as seen from settings where name like 'write %'`,
        )
        assert.ok(Number(row?.['seen']) >= atLeast, `${String(row?.['seen'])} of ${atLeast}`)
      }
    }
  }
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (clients) => {
          await Promise.all(clients.map(client))
        },
      ),
      { seed: 17, numRuns: 60 },
    )
  } finally {
    await other.close()
  }
  assert.ok(acknowledged > 100)
})

test('a writer on the reading thread can truncate the log, even in the turn of a read', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const writer = createOwnWriter(path, { ownership: undefined, onFailure: assert.fail })
  const db = await openSqlite(path, { writer })
  try {
    await db.transaction([write(1)])
    assert.equal(await read(db), 1)
    await db.truncateLog()
    assert.equal(statSync(`${path}-wal`).size, 0)
    assert.equal(await read(db), 1)
  } finally {
    await db.close()
  }
})
