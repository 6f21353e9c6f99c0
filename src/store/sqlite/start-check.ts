/**
 * Checks a SQLite database when a server starts. `PRAGMA quick_check` finds malformed pages and rows that are out of order. It
 * reads the whole database, which takes about 2.5 seconds per GiB in the page cache, so only a small database is checked before
 * it is served.
 */
import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { recordDamage } from '../damage.ts'
import { SqliteConnection } from './connection.ts'
import { sql } from '../sql.ts'

/** Maximum size of a database that is checked in a tenth of a second. */
const smallBytes = 32 * 1024 * 1024
const problemsMax = 5

/** Returns whether the check is fast enough to run before the server starts. */
export function isSmall(path: string): boolean {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return sizeOf(path) + sizeOf(`${path}-wal`) <= smallBytes
}

/** Checks the whole database in one snapshot and records any damage. */
export function checkWhole(path: string): void {
  try {
    reading(path, (connection) => {
      note(path, connection.run(sql`pragma quick_check(5)`))
    })
  } catch {
    // The connection has recorded any damaged page. Other errors, such as an unavailable disk, also occur in the server, which
    // reports them.
  }
}

/**
 * Checks one table after another and records any damage. In a large database, a single snapshot for all tables would keep the
 * write-ahead log from being reset for a long time. Throws if the check cannot finish, for example because of a damaged page.
 */
export function checkTables(path: string): void {
  reading(path, (connection) => {
    const tables = connection.run(sql`select name from sqlite_schema where type = 'table'`)
    for (const { name } of tables) {
      const text = `pragma quick_check('${String(name).replaceAll("'", "''")}')`
      note(path, connection.run({ text, values: [] }))
    }
  })
}

function reading(path: string, work: (connection: SqliteConnection) => void): void {
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    work(connection)
  } finally {
    connection.close()
  }
}

function note(path: string, rows: readonly Record<string, unknown>[]): void {
  const lines = rows
    .map(({ quick_check: line }) => String(line).replaceAll(/\s+/g, ' '))
    .filter((line) => line !== 'ok')
  if (lines.length === 0) return
  const reason = `PRAGMA quick_check: ${lines.slice(0, problemsMax).join('; ')}`
  recordDamage(path, { kind: 'damaged', reason })
}

/** Reason why a background check did not finish. Undefined if it read the whole database. */
type CheckFailure = string | undefined

/** Checks the database in a separate process. Calls `finished` unless the check is stopped first. */
export function checkInBackground(path: string, finished: (failure: CheckFailure) => void) {
  // The extension is .ts in the sources and .js in the built package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const file = new URL(`./check-process${extension}`, import.meta.url)
  const child = fork(file, [path], { execArgv: ['--disable-sigusr1'], stdio: 'ignore' })
  child.unref()
  child.channel?.unref()
  let isStopped = false
  child.once('error', ({ message }) => finished(message))
  child.once('exit', (code, signal) => {
    if (!isStopped)
      finished(
        code === 0 ? undefined : `the check process ended with ${signal ?? `exit code ${code}`}`,
      )
  })
  return {
    stop() {
      isStopped = true
      child.kill('SIGKILL')
    },
  }
}
