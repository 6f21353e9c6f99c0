/**
 * Checks a SQLite database when a server starts. `PRAGMA quick_check` finds malformed pages and rows that are out of order. The
 * check reads the whole database, which takes about 2.5 seconds per GiB in the page cache. A server therefore checks only a small
 * database before it starts to serve requests.
 */
import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { recordDamage } from '../damage.ts'
import { SqliteConnection } from './connection.ts'
import { sql } from '../sql.ts'

/** Maximum size, in bytes, of a database that can be checked in a tenth of a second. */
const smallBytes = 32 * 1024 * 1024
const problemsMax = 5

/** Returns whether the database is small enough to be checked before the server starts. */
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
    // A damaged page has already been recorded by the connection. Other errors, such as an unavailable disk, also occur in the
    // server, which reports them.
  }
}

/**
 * Checks one table after another and records any damage. A single snapshot for all tables of a large database would prevent
 * SQLite from resetting the write-ahead log for a long time. Throws an error if the check cannot be completed, for example
 * because of a damaged page.
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

/** Reason why a background check was not completed; undefined if the check has read the whole database. */
type CheckFailure = string | undefined

/** Checks the database in a separate process, and then calls `finished` unless the check was stopped. */
export function checkInBackground(path: string, finished: (failure: CheckFailure) => void) {
  // The file extension is .ts in the sources and .js in the built package.
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
        code === 0
          ? undefined
          : `the process that checks the database ended with ${signal ?? `exit code ${code}`}`,
      )
  })
  return {
    stop() {
      isStopped = true
      child.kill('SIGKILL')
    },
  }
}
