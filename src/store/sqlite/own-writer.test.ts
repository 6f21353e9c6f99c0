/** Tests of the writer on the calling thread: unexpected failures, and the move to a thread on a slow disk. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { TestFolder } from '../../../test/support/database.ts'
import { createOwnWriter } from './own-writer.ts'
import { sql, type Row, type Sql } from '../sql.ts'

function put(name: string): Sql {
  return sql`insert into settings (name, value) values (${name}, ${new Uint8Array()})`
}

/** Creates a writer, and returns it with functions for tests and the failures that it has reported. */
function open(folder: TestFolder) {
  const path = folder.file('signet.sqlite')
  const failures: Error[] = []
  const writer = createOwnWriter(path, {
    ownership: undefined,
    onFailure: (error) => failures.push(error),
  })
  const write = (...names: string[]): Promise<Row[][]> =>
    writer.run({ kind: 'transaction', statements: names.map(put) })
  const names = (): unknown[] => {
    using database = new DatabaseSync(path, { readOnly: true })
    return database
      .prepare('select name from settings order by name')
      .all()
      .map(({ name }) => name)
  }
  return { path, writer, write, names, failures }
}

/** Makes each commit on the calling thread appear to take 10 seconds. Returns the threads to which messages were sent. */
function slowDisk(t: TestContext): { readonly threads: () => Worker[] } {
  let now = 0
  t.mock.method(performance, 'now', () => (now += 10_000))
  const sent = t.mock.method(Worker.prototype, 'postMessage')
  return { threads: () => sent.mock.calls.map((call) => call.this as Worker) }
}

/** Writes until a transaction is sent to a thread, and returns the thread. */
async function moved(
  write: (name: string) => Promise<unknown>,
  { threads }: ReturnType<typeof slowDisk>,
): Promise<Worker> {
  for (let count = 0; ; count += 1) {
    const [thread] = threads()
    if (thread !== undefined) return thread
    await write(`early-${String(count).padStart(6, '0')}`)
  }
}

test('a commit with an unknown outcome rejects all waiting transactions and calls onFailure', async () => {
  using folder = new TestFolder()
  const { writer, failures } = open(folder)
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

test('each transaction is committed exactly once while the writer moves to a thread', async (t) => {
  using folder = new TestFolder()
  const { writer, write, names, failures } = open(folder)
  const disk = slowDisk(t)
  const expected: string[] = []
  const results: Promise<unknown>[] = []
  const send = (name: string): Promise<unknown> => {
    // One of three transactions is a duplicate, and must not end the others.
    const result = write(name)
    results.push(result, assert.rejects(write('duplicate', `${name}-lost`), /UNIQUE/))
    expected.push(name)
    return result
  }
  await write('duplicate')
  await moved(send, disk)
  const late = Array.from({ length: 300 }, (_each, at) =>
    send(`late-${String(at).padStart(6, '0')}`),
  )
  await Promise.all([...late, ...results])
  assert.deepEqual(names(), ['duplicate', ...expected].toSorted())
  await writer.close()
  assert.deepEqual(failures, [])
})

test('a writer that is closed during the move commits all earlier transactions and no later one', async (t) => {
  using folder = new TestFolder()
  const { writer, write, names, failures } = open(folder)
  slowDisk(t)
  await write('1')
  const results = ['2', '3'].map((name) => write(name))
  const closed = writer.close()
  await assert.rejects(write('4'), /the database is closed/)
  await Promise.all([...results, closed])
  assert.deepEqual(names(), ['1', '2', '3'])
  assert.deepEqual(failures, [])
})

test('after the thread dies, onFailure is called once, because the outcome of its transactions is unknown', async (t) => {
  using folder = new TestFolder()
  const { writer, write, names, failures } = open(folder)
  const thread = await moved(write, slowDisk(t))
  const terminated = thread.terminate()
  await assert.rejects(write('waiting'), /the database writer has ended/)
  await terminated
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['the database writer has ended'],
  )
  await write('later')
  assert.ok(names().includes('later'))
  await writer.close()
  assert.equal(failures.length, 1)
})

test('the log is truncated once a reader in another thread has finished, and other writes do not wait for the reader', async () => {
  using folder = new TestFolder()
  const { writer, write, path } = open(folder)
  await write('1')
  using reader = new DatabaseSync(path, { readOnly: true })
  reader.exec('begin')
  reader.prepare('select name from settings').all()
  let isTruncated = false
  const truncated = writer.run({ kind: 'truncate-log' }).then(() => (isTruncated = true))
  await write('2')
  assert.equal(isTruncated, false, 'the write did not wait for the reader')
  reader.exec('commit')
  await truncated
  assert.equal(statSync(`${path}-wal`).size, 0)
  await writer.close()
})
