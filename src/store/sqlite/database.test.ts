import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { TestDatabase, TestFolder } from '../../../test/support/database.ts'
import { ConfigurationError } from '../../errors.ts'
import { databaseContract } from '../database-contract.ts'
import { migrate } from './connection.ts'
import { openSqlite } from './database.ts'
import { sqliteSchema } from './schema.ts'
import { startWriterThread } from './writer-client.ts'
import { sql, type Sql } from '../sql.ts'

/** Opens a new database whose writer is a thread, as in a server with a single process. */
async function openWithThread(onFailure?: (error: Error) => void): Promise<TestDatabase> {
  const folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  migrate(path)
  const writer = await startWriterThread({ path, ownership: undefined }, onFailure)
  return TestDatabase.open({ writer }, folder)
}

for (const { name, run } of databaseContract) {
  test(`SQLite: ${name}`, async () => {
    await using database = await TestDatabase.open()
    await run(database.db)
  })
  test(`SQLite with a writer thread: ${name}`, async () => {
    await using database = await openWithThread()
    await run(database.db)
  })
}

const engine = JSON.stringify(new URL('./database.ts', import.meta.url).href)

const writerProcess = `
  import { openSqlite } from ${engine}
  const [path, prefix, count] = process.argv.slice(2)
  const db = await openSqlite(path)
  const text = 'insert into settings (name, value) values (?, ?)'
  const one = async (name) => {
    await db.transaction([{ text, values: [name, new Uint8Array(300)] }])
    process.stdout.write(name + '\\n')
  }
  for (let n = 0; n < Number(count); n += 10)
    await Promise.all(Array.from({ length: 10 }, (_, i) => one(prefix + (n + i))))
  await db.close()
`

/**
 * Starts a process that opens the database, inserts rows `<prefix>0`, `<prefix>1` and so on, and prints each row after it is
 * acknowledged.
 */
function spawnWriter(folder: TestFolder, prefix: string, count: number) {
  const script = folder.file(`${prefix}.mjs`)
  writeFileSync(script, writerProcess)
  return spawn(process.execPath, [script, folder.file('signet.sqlite'), prefix, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

const put = (name: string): Sql =>
  sql`insert into settings (name, value) values (${name}, ${new Uint8Array()})`

async function namesIn(database: {
  query(s: Sql): Promise<Record<string, unknown>[]>
}): Promise<Set<unknown>> {
  return new Set((await database.query(sql`select name from settings`)).map((row) => row['name']))
}

test('acknowledged writes survive kill -9', async () => {
  for (const killAfter of [1, 57, 300]) {
    using folder = new TestFolder()
    const path = folder.file('signet.sqlite')
    const child = spawnWriter(folder, 'n', 1_000_000)
    const acknowledged: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line)
      if (acknowledged.length === killAfter) child.kill('SIGKILL')
    }
    if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
    assert.equal(child.signalCode, 'SIGKILL')
    const db = await openSqlite(path)
    const names = await namesIn(db)
    assert.deepEqual(
      acknowledged.filter((name) => !names.has(name)),
      [],
    )
    const check = await db.query(sql`pragma integrity_check`)
    assert.equal(check[0]?.['integrity_check'], 'ok')
    await db.close()
  }
})

test('two processes that write concurrently lose no rows', async () => {
  await using database = await TestDatabase.open()
  const children = ['a', 'b'].map((prefix) => spawnWriter(database.folder, prefix, 200))
  for (const child of children) child.stdout.resume()
  const ends = children.map((child) => once(child, 'exit'))
  for (let index = 0; index < 100; index += 1) await database.db.transaction([put(`c${index}`)])
  assert.deepEqual(
    (await Promise.all(ends)).map(([code]) => code as number),
    [0, 0],
  )
  assert.equal((await namesIn(database.db)).size, 500)
})

test('two processes can create and open a database concurrently', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const children = ['a', 'b', 'c'].map((prefix) => spawnWriter(folder, prefix, 10))
  for (const child of children) child.stdout.resume()
  const codes = await Promise.all(children.map((child) => once(child, 'exit')))
  assert.deepEqual(
    codes.map(([code]) => code as number),
    [0, 0, 0],
  )
  const db = await openSqlite(path)
  assert.equal((await namesIn(db)).size, 30)
  await db.close()
})

test('a new database has mode 0600, WAL mode and the application id', async () => {
  await using database = await TestDatabase.open()
  assert.equal(statSync(database.path).mode & 0o777, 0o600)
  await database.db.transaction([put('x')])
  assert.equal(statSync(`${database.path}-wal`).mode & 0o777, 0o600)
  const pragma = async (name: string): Promise<unknown> =>
    Object.values((await database.db.query({ text: `pragma ${name}`, values: [] }))[0] ?? {})[0]
  assert.equal(await pragma('journal_mode'), 'wal')
  assert.equal(await pragma('application_id'), 0x53676e74)
  assert.equal(await pragma('user_version'), sqliteSchema.length)
})

test('the writer uses full synchronization, secure deletion and foreign keys', async () => {
  await using database = await TestDatabase.open()
  const answer = await database.db.transaction(
    ['synchronous', 'secure_delete', 'foreign_keys', 'trusted_schema'].map((name) => ({
      text: `pragma ${name}`,
      values: [],
    })),
  )
  assert.deepEqual(
    answer.map(([row]) => Object.values(row ?? {})[0]),
    [2, 1, 1, 0],
  )
})

test('a query cannot write', async () => {
  await using database = await TestDatabase.open()
  await assert.rejects(database.db.query(put('x')), /readonly/)
  await assert.rejects(database.db.query(sql`drop table settings`), /readonly/)
})

test('close leaves one file with all data', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const db = await openSqlite(path)
  await db.transaction([put('kept')])
  await db.close()
  assert.throws(() => statSync(`${path}-wal`), { code: 'ENOENT' })
  const again = await openSqlite(path)
  assert.deepEqual([...(await namesIn(again))], ['kept'])
  await again.close()
})

test('opening a copy without WAL mode restores WAL mode and keeps the data', async () => {
  await using database = await TestDatabase.open()
  await database.db.transaction([put('kept')])
  const path = database.folder.file('copy.sqlite')
  const source = new DatabaseSync(database.path)
  source.prepare('vacuum into ?').run(path)
  source.close()
  const copy = await openSqlite(path)
  assert.equal((await copy.query(sql`pragma journal_mode`))[0]?.['journal_mode'], 'wal')
  assert.deepEqual([...(await namesIn(copy))], ['kept'])
  await copy.close()
})

test('a migration creates users from the existing access keys, and each key keeps its own policy', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const old = new DatabaseSync(path)
  for (const schema of sqliteSchema.slice(0, 3)) old.exec(schema)
  old.exec(`
    pragma application_id = 1399287412;
    pragma user_version = 3;
    insert into accounts values ('123456789012', 5);
    insert into accounts values ('210987654321', 6);
    insert into access_keys values ('AKIA1', '123456789012', 'alice', x'01', '{"one":1}', 1, 10);
    insert into access_keys values ('AKIA2', '123456789012', 'alice', x'02', null, 0, 9);
    insert into access_keys values ('AKIA3', '123456789012', 'Alice', x'03', null, 1, 11);
    insert into access_keys values ('AKIA4', '210987654321', 'alice', x'04', '{"two":2}', 1, 12);
  `)
  old.close()
  const db = await openSqlite(path)
  const keys = await db.query(
    sql`select access_key_id, k.account_id, user_name, policy, active, k.created_at_ms,
        u.created_at_ms as since, hex(secret_sealed) as secret, user_id
      from access_keys k join users u using (user_id) order by access_key_id`,
  )
  const ids = keys.map((row) => row['user_id'] as string)
  for (const id of ids) assert.match(id, /^AIDA[A-Z2-7]{16}$/)
  assert.deepEqual([ids[0], new Set(ids).size], [ids[1], 3])
  assert.deepEqual(
    keys.map(({ user_id: _id, ...row }) => Object.values(row)),
    [
      ['AKIA1', '123456789012', 'alice', '{"one":1}', 1, 10, 9, '01'],
      ['AKIA2', '123456789012', 'alice', null, 0, 9, 9, '02'],
      ['AKIA3', '123456789012', 'Alice', null, 1, 11, 11, '03'],
      ['AKIA4', '210987654321', 'alice', '{"two":2}', 1, 12, 12, '04'],
    ],
  )
  assert.deepEqual(await db.query(sql`select * from identity_policies`), [])
  assert.deepEqual(await db.query(sql`pragma foreign_key_check`), [])
  await db.close()
})

test('a database of a newer version is refused and not changed', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  await (await openSqlite(path)).close()
  const newer = new DatabaseSync(path)
  newer.exec('pragma user_version = 99')
  newer.close()
  await assert.rejects(
    openSqlite(path),
    new ConfigurationError(
      `${path} was written by a newer version of Signet (schema 99; this version supports up to ${sqliteSchema.length})`,
    ),
  )
})

test('a database of another program is refused and not changed', async () => {
  using folder = new TestFolder()
  const path = folder.file('other.sqlite')
  const other = new DatabaseSync(path)
  other.exec('create table t (x)')
  other.close()
  const before = folder.bytes()
  await assert.rejects(
    openSqlite(path),
    new ConfigurationError(`${path} is a database of another program`),
  )
  assert.ok(folder.bytes().equals(before))
})

test('a file that is not a database is refused', async () => {
  using folder = new TestFolder()
  const path = folder.file('text')
  writeFileSync(
    path,
    'not a database, but long enough to have a header that says what it is\n'.repeat(50),
  )
  const refusal = new ConfigurationError(`${path} is not a SQLite database`)
  await assert.rejects(openSqlite(path), (error: Error) => error.message === refusal.message)
  mkdirSync(folder.file('folder'))
  for (const name of ['folder', 'none/x.sqlite'])
    await assert.rejects(openSqlite(folder.file(name)), (error: Error) => {
      assert.ok(error instanceof ConfigurationError, String(error))
      assert.ok(error.message.startsWith(`${folder.file(name)} cannot be opened`), error.message)
      return true
    })
})

test('if a commit fails, all transactions of its group are rejected and none is applied', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  // COMMIT checks deferred foreign keys. Apart from a failing disk, only this check can make COMMIT fail.
  const orphan = sql`insert into access_keys values ('k', 'none', '', ${new Uint8Array()}, null, 1, 0)`
  const outcomes = await Promise.allSettled([
    db.transaction([put('a')]),
    db.transaction([sql`pragma defer_foreign_keys = on`, orphan]),
    db.transaction([put('b')]),
  ])
  const applied = await namesIn(db)
  assert.equal(outcomes[1]?.status, 'rejected')
  for (const [index, name] of [
    [0, 'a'],
    [2, 'b'],
  ] as const)
    assert.equal(outcomes[index]?.status === 'fulfilled', applied.has(name), name)
  assert.deepEqual(await db.query(sql`select 1 as one from access_keys`), [])
  await db.transaction([put('after')])
  assert.ok((await namesIn(db)).has('after'))
})

test('a full disk rejects a transaction, and the next one that fits is applied', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await db.transaction([put('before')])
  const pages = (await db.query(sql`pragma page_count`))[0]?.['page_count']
  await db.transaction([{ text: `pragma max_page_count = ${String(pages)}`, values: [] }])
  const large = sql`insert into settings (name, value) values ('large', ${new Uint8Array(2 ** 20)})`
  await assert.rejects(db.transaction([put('with large'), large]), /full/)
  await db.transaction([put('small')])
  assert.deepEqual(await namesIn(db), new Set(['before', 'small']))
})

test('a value that cannot be sent to the writer thread is rejected', async () => {
  await using database = await openWithThread()
  const statement = { text: 'select ?', values: [(() => 1) as unknown as string] }
  await assert.rejects(database.db.transaction([statement]), { name: 'DataCloneError' })
  await database.db.transaction([put('x')])
})

test('after the writer thread dies, waiting and later transactions are rejected and onFailure is called once', async (t) => {
  const failures: Error[] = []
  await using database = await openWithThread((error) => failures.push(error))
  const { db } = database
  const sent = t.mock.method(Worker.prototype, 'postMessage')
  await db.transaction([put('before')])
  const worker = sent.mock.calls[0]?.this
  assert.ok(worker instanceof Worker)
  const terminated = worker.terminate()
  await assert.rejects(db.transaction([put('waiting')]), /the database writer has ended/)
  await terminated
  await assert.rejects(db.transaction([put('later')]), /the database is closed/)
  await assert.rejects(db.truncateLog(), /the database is closed/)
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['the database writer has ended'],
  )
  assert.deepEqual([...(await namesIn(db))], ['before'])
})

test('truncateLog truncates the write-ahead log', async () => {
  await using database = await TestDatabase.open()
  await database.db.transaction([put('x')])
  assert.ok(statSync(`${database.path}-wal`).size > 0)
  assert.equal(await database.db.truncateLog(), true)
  assert.equal(statSync(`${database.path}-wal`).size, 0)
})

test('truncateLog returns false if a read by another process does not end', async (t) => {
  await using database = await TestDatabase.open()
  const { db, path } = database
  await db.transaction([put('x')])
  using reader = new DatabaseSync(path, { readOnly: true })
  reader.exec('begin')
  reader.prepare('select name from settings').all()
  let now = 0
  t.mock.method(performance, 'now', () => (now += 6000))
  assert.equal(await db.truncateLog(), false)
  assert.ok(statSync(`${path}-wal`).size > 0)
})

test('the change stamp changes only with commits, including those of other processes', async () => {
  await using database = await TestDatabase.open()
  const { db, path } = database
  const add = (id: string): Sql =>
    sql`insert into accounts (account_id, created_at_ms) values (${id}, 0)`
  const first = db.changeStamp()
  await db.query(sql`select 1 as one`)
  assert.equal(db.changeStamp(), first)
  await db.transaction([add('a')])
  const second = db.changeStamp()
  assert.notEqual(second, first)
  await assert.rejects(db.transaction([add('a')]))
  assert.equal(db.changeStamp(), second)
  const other = new DatabaseSync(path)
  other.exec("insert into accounts (account_id, created_at_ms) values ('b', 0)")
  other.close()
  await nextTurn()
  assert.notEqual(db.changeStamp(), second)
})
