/** Tests of ownership: commits by the owner and by commands, and the detection of another server. */
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { ConfigurationError } from '../../errors.ts'
import { systemRandom as random } from '../../random.ts'
import { readMark, replaceMark } from './commit-mark.ts'
import { DiskFaultError } from '../disk-faults.ts'
import { recordLostWrites } from './lost-writes.ts'
import { damageOf } from '../damage.ts'
import {
  answerChallenge,
  readOwnership,
  requireUnowned,
  takeOwnership,
  type Ownership,
} from './ownership.ts'
import { migrate, SqliteConnection } from './connection.ts'
import { createOwnWriter } from './own-writer.ts'
import { startWriterThread } from './writer-client.ts'
import { openSqlite, type SqliteDatabase } from './database.ts'
import { guard, sql } from '../sql.ts'

const kinds = ['thread', 'own'] as const

/** Opens the database as a server does, with each kind of writer. */
async function open(
  path: string,
  kind: (typeof kinds)[number],
): Promise<{ db: SqliteDatabase; ownership: Ownership }> {
  migrate(path)
  const { commits, ...ownership } = takeOwnership(path, { random, process: `a ${kind}` })
  await replaceMark(path, { databaseId: ownership.databaseId, commits })
  const writer =
    kind === 'own'
      ? createOwnWriter(path, { ownership, onFailure: assert.fail })
      : await startWriterThread({ path, ownership }, assert.fail)
  return { db: await openSqlite(path, { writer }), ownership }
}

const put = (name: string) => [
  sql`insert into settings (name, value) values (${name}, ${new Uint8Array()})`,
]

const superseded = (error: unknown): boolean =>
  error instanceof DiskFaultError && error.fault === 'superseded'

function commitsIn(path: string): number | undefined {
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    return readOwnership(connection)?.commits
  } finally {
    connection.close()
  }
}

for (const kind of kinds) {
  test(`the commit mark of a server with the ${kind} writer counts its commits, and commands only increase the count`, async () => {
    using folder = new TestFolder()
    const path = folder.file('signet.sqlite')
    const { db } = await open(path, kind)
    const markIs = (): void => {
      const mark = readMark(path)
      assert.equal(typeof mark === 'string' ? mark : mark.commits, commitsIn(path))
    }
    await db.transaction(put('one'))
    assert.equal(commitsIn(path), 1)
    markIs()
    // A transaction without changes is never counted, no matter how often it runs.
    for (let n = 0; n < 5; n += 1)
      await db.transaction([
        sql`update settings set value = ${new Uint8Array()} where name = 'none'`,
      ])
    await assert.rejects(db.transaction([guard('missing', sql`select 1 as one`, 2)]))
    assert.equal(commitsIn(path), 1)
    const command = await openSqlite(path)
    await command.transaction(put('two'))
    await command.close()
    assert.equal(commitsIn(path), 2)
    await db.transaction(put('three'))
    assert.equal(commitsIn(path), 3)
    markIs()
    await db.close()
    recordLostWrites(path)
    assert.equal(damageOf(path), undefined)
  })

  test(`a server with the ${kind} writer commits nothing after another server has taken its database`, async () => {
    using folder = new TestFolder()
    const path = folder.file('signet.sqlite')
    const first = await open(path, kind)
    await first.db.transaction(put('one'))
    await answerChallenge(first.db, path, first.ownership)
    const second = await open(path, kind)
    await assert.rejects(first.db.transaction(put('two')), superseded)
    await assert.rejects(answerChallenge(first.db, path, first.ownership), superseded)
    await second.db.transaction(put('three'))
    await answerChallenge(second.db, path, second.ownership)
    const names = (await second.db.query(sql`select name from settings order by name`)).map(
      (row) => row['name'],
    )
    assert.deepEqual(names, ['one', 'three'])
    await first.db.close()
    await second.db.close()
  })

  test(`a server with the ${kind} writer commits nothing after its database file was replaced`, async () => {
    using folder = new TestFolder()
    const path = folder.file('signet.sqlite')
    const { db, ownership } = await open(path, kind)
    renameSync(path, folder.file('aside'))
    await assert.rejects(db.transaction(put('one')), superseded)
    writeFileSync(path, '')
    await assert.rejects(db.transaction(put('two')), superseded)
    await assert.rejects(answerChallenge(db, path, ownership), superseded)
    renameSync(folder.file('aside'), path)
    await db.transaction(put('three'))
    await db.close()
  })
}

test('a server can start on an unused database, but not on the database of a running server', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const { db, ownership } = await open(path, 'thread')
  const timer = setInterval(() => {
    answerChallenge(db, path, ownership).catch(() => {})
  }, 20)
  await assert.rejects(
    requireUnowned(path, { random, patience: 60_000 }),
    (error) =>
      error instanceof ConfigurationError &&
      /another signet serve \(a thread\) owns the database/.test(error.message),
  )
  clearInterval(timer)
  // The other process does not respond to the challenge, so it loses the ownership.
  await requireUnowned(path, { random, patience: 100 })
  await db.close()
  await requireUnowned(path, { random, patience: 60_000 })
})

test('a server does not start on a database of an earlier version that another process has open', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const old = new SqliteConnection(path, { readOnly: false })
  old.exec('pragma journal_mode = wal; create table settings (name text)')
  old.run(sql`select * from settings`)
  await assert.rejects(
    requireUnowned(path, { random, patience: 100 }),
    /in use by another process, which may be a server of an earlier version/,
  )
  old.close()
  await requireUnowned(path, { random, patience: 100 })
})
