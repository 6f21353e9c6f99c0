/** Tests that the database check finds damage, and that the check ends when it is stopped or when its parent process ends. */
import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { damageOf } from '../damage.ts'
import { migrate, SqliteConnection } from './connection.ts'
import { sql } from '../sql.ts'
import { checkInBackground, checkTables, checkWhole } from './start-check.ts'

function makeDatabase(path: string): void {
  migrate(path)
  const connection = new SqliteConnection(path, { readOnly: false })
  for (let n = 0; n < 200; n += 1)
    connection.run(
      sql`insert into settings (name, value) values (${`name ${n}`}, ${new Uint8Array(300)})`,
    )
  connection.close()
}

/** Damages a page in a table or an index. */
function damage(path: string, name: string): void {
  const connection = new SqliteConnection(path, { readOnly: true })
  const [row] =
    connection.run(sql`select rootpage, (select page_size from pragma_page_size) as page_size
    from sqlite_schema where name = ${name}`)
  connection.close()
  const pageBytes = Number(row?.['page_size'])
  const file = openSync(path, 'r+')
  writeSync(
    file,
    Buffer.alloc(pageBytes, 0x5a),
    0,
    pageBytes,
    (Number(row?.['rootpage']) - 1) * pageBytes,
  )
}

/** Checks all tables. A damaged page may end the check with an error. */
function checkUntilDamage(path: string): void {
  try {
    checkTables(path)
  } catch (error) {
    assert.match(String(error), /malformed/)
  }
}

/** Returns whether the process has ended, even if no parent has waited for it. */
function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}

const places = ['settings', 'sqlite_autoindex_settings_1', 'certificates_by_serial_number']

for (const name of places)
  test(`damage in the page of ${name} is found by checkWhole, by checkTables and by the background check`, async () => {
    for (const check of ['whole', 'tables', 'process'] as const) {
      using folder = new TestFolder()
      const path = folder.file('signet.sqlite')
      makeDatabase(path)
      const run = (): Promise<void> | void => {
        if (check === 'whole') return checkWhole(path)
        if (check === 'tables') return checkUntilDamage(path)
        return new Promise((resolve) => void checkInBackground(path, () => resolve()))
      }
      await run()
      assert.equal(damageOf(path), undefined)
      damage(path, name)
      await run()
      assert.equal(damageOf(path)?.kind, 'damaged')
      assert.ok(existsSync(`${path}.damage`))
    }
  })

test('a database is checked even if a sandbox forbids changing process priorities', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  makeDatabase(path)
  damage(path, 'settings')
  const forbid =
    "import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';" +
    "os.setPriority = () => { throw new Error('EPERM') }; syncBuiltinESMExports()"
  const child = fork(new URL('./check-process.ts', import.meta.url), [path], {
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(forbid)}`],
    stdio: 'ignore',
  })
  await once(child, 'exit')
  assert.equal(damageOf(path)?.kind, 'damaged')
})

test('a background check that fails is reported, and a background check that is stopped is not', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  checkInBackground(path, resolve)
  assert.match((await promise) ?? '', /exit code 1/)
  makeDatabase(path)
  const stopped = checkInBackground(path, () => assert.fail('stopped'))
  stopped.stop()
  await new Promise<void>((done) => void checkInBackground(path, () => done()))
})

test('the check process ends with its parent process, whatever ends the parent', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  makeDatabase(path)
  const script = folder.file('parent.mjs')
  writeFileSync(
    script,
    `import { fork } from 'node:child_process'
    const child = fork(${JSON.stringify(new URL('./check-process.ts', import.meta.url).pathname)}, [process.argv[2]], { execArgv: [] })
    child.once('spawn', () => process.stdout.write(String(child.pid)))
    setInterval(() => {}, 1000)`,
  )
  const connection = new SqliteConnection(path, { readOnly: false })
  // Other readers wait for this transaction for up to ten seconds.
  connection.exec(
    "pragma locking_mode = exclusive; begin exclusive; insert into settings values ('x', x'00')",
  )
  const parent = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  const ended = once(parent.stdout, 'close')
  parent.kill('SIGKILL')
  // The check process shares this standard output, which is closed when both processes have ended. A process closes its files
  // shortly before it disappears.
  await ended
  for (let n = 0; n < 1000 && !hasEnded(Number(pid.toString())); n += 1) await setTimeout(5)
  assert.ok(hasEnded(Number(pid.toString())))
  connection.close()
})
