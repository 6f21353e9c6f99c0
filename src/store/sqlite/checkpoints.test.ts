import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCheckpoints } from './checkpoints.ts'
import { migrate, SqliteConnection } from './connection.ts'
import { sql } from '../sql.ts'

function open(t: TestContext): { readonly path: string; readonly connection: SqliteConnection } {
  const folder = mkdtempSync(join(tmpdir(), 'signet-checkpoints-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'signet.db')
  migrate(path)
  return { path, connection: new SqliteConnection(path, { readOnly: false }) }
}

const rowsOfRound = 500

/** Writes about 1.5 MB in one commit. */
function write(connection: SqliteConnection, round: number): void {
  connection.exec('begin immediate')
  for (let at = 0; at < rowsOfRound; at += 1)
    connection.run(
      sql`insert into settings (name, value) values (${`${round}/${at}`}, ${new Uint8Array(3000)})`,
    )
  connection.exec('commit')
}

test('the write-ahead log stays bounded, and no write is lost', async (t) => {
  const { path, connection } = open(t)
  const checkpoints = startCheckpoints(path, connection)
  const rounds = 40
  for (let round = 0; round < rounds; round += 1) {
    write(connection, round)
    checkpoints.wrote(10_000)
    await sleep(50)
  }
  assert.ok(statSync(`${path}-wal`).size < 30_000_000, 'the log was restarted')
  assert.ok(statSync(path).size > 30_000_000, 'its content is in the database file')
  await checkpoints.close()
  connection.close()
  const again = new SqliteConnection(path, { readOnly: true })
  const [row] = again.run(sql`select count(*) as n from settings where length(value) = 3000`)
  assert.equal(row?.['n'], rounds * rowsOfRound)
  again.close()
})

test('a long snapshot keeps the log from restarting, but delays neither writes nor close', async (t) => {
  const { path, connection } = open(t)
  const reader = new SqliteConnection(path, { readOnly: true })
  reader.exec('begin')
  reader.run(sql`select count(*) as n from settings`)
  const checkpoints = startCheckpoints(path, connection)
  for (let round = 0; round < 5; round += 1) {
    write(connection, round)
    checkpoints.wrote(10_000)
    await sleep(20)
  }
  assert.deepEqual(reader.run(sql`select count(*) as n from settings`), [{ n: 0 }])
  reader.exec('commit')
  reader.close()
  await checkpoints.close()
  connection.close()
})

test('a process with a checkpoint thread can end', (t) => {
  const { path, connection } = open(t)
  connection.close()
  const program = `void (async () => {
    const { startCheckpoints } = await import(${JSON.stringify(import.meta.resolve('./checkpoints.ts'))})
    const { SqliteConnection } = await import(${JSON.stringify(import.meta.resolve('./connection.ts'))})
    const connection = new SqliteConnection(process.argv[1], { readOnly: false })
    const checkpoints = startCheckpoints(process.argv[1], connection)
    checkpoints.wrote(10_000)
    await checkpoints.close()
    connection.close()
    process.stdout.write('closed')
  })()`
  const args = ['--eval', program, path]
  assert.equal(
    execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }),
    'closed',
  )
})
