/**
 * The check of a SQLite database when a server starts: `PRAGMA quick_check`, which finds pages that make no sense, and rows
 * out of order. It reads everything, some 2.5 seconds for a GiB that is in memory, so that only a small database is checked
 * before it is served.
 */
import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { recordDamage } from './damage.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { sql } from './sql.ts'

/** Checked in a tenth of a second. */
const smallBytes = 32 * 1024 * 1024
const problemsMax = 5

/** Whether the database can be checked while others wait. */
export function isSmall(path: string): boolean {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return sizeOf(path) + sizeOf(`${path}-wal`) <= smallBytes
}

/** Checks the whole database now, and records what is wrong with it. */
export function checkWhole(path: string): void {
  check(path, (connection) => {
    note(path, connection.run(sql`pragma quick_check(5)`))
  })
}

/** The same table by table, so that the write-ahead log is not kept for as long as all of it takes. */
export function checkTables(path: string): void {
  check(path, (connection) => {
    const tables = connection.run(sql`select name from sqlite_schema where type = 'table'`)
    for (const { name } of tables) {
      const text = `pragma quick_check('${String(name).replaceAll("'", "''")}')`
      note(path, connection.run({ text, values: [] }))
    }
  })
}

function check(path: string, work: (connection: SqliteConnection) => void): void {
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    work(connection)
  } catch {
    // The connection has recorded what it met; anything else, such as a disk that is away, is met by the server too.
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

/** Checks the database in a process of its own, and calls `finished` unless it is stopped before. */
export function checkInBackground(path: string, finished: () => void): { stop(): void } {
  // Sources and the built package differ in the extension only.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const file = new URL(`./sqlite-check${extension}`, import.meta.url)
  const child = fork(file, [path], { execArgv: [], stdio: 'ignore' })
  child.unref()
  child.channel?.unref()
  // One that cannot be started is done without.
  child.once('error', () => undefined)
  child.once('exit', (code) => {
    if (code === 0) finished()
  })
  return {
    stop() {
      child.kill('SIGKILL')
    },
  }
}
