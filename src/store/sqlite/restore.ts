import { existsSync, rmSync } from 'node:fs'
import { renameDurably, syncFile } from '../../files/durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { markFile } from './commit-mark.ts'
import { clearDamage } from '../damage.ts'
import type { RestoreTarget } from '../restore-target.ts'
import { createAtVersion, createPrivateFile, migrate, SqliteConnection } from './connection.ts'
import { tablesOfSqlite } from './snapshot.ts'
import { sql, type Sql } from '../sql.ts'
import { sortTables, tablesOf } from '../tables.ts'

/**
 * Returns the path of the file into which a restore writes. At the end of the restore, the file is renamed to the database's
 * path.
 */
export function unfinishedPath(path: string): string {
  return `${path}.restoring`
}

/**
 * Starts a restore into a new file, which is renamed to the database's path at the end. A file left by an interrupted restore is
 * replaced. Throws ConfigurationError if the database exists.
 */
export function openSqliteRestore(path: string, schemaVersion: number): RestoreTarget {
  if (existsSync(path))
    throw new ConfigurationError(
      `the database ${path} already exists; restore into an empty folder`,
    )
  const unfinished = unfinishedPath(path)
  removeFiles(unfinished)
  createPrivateFile(unfinished)
  const connection = new SqliteConnection(unfinished, { readOnly: false })
  // A single fsync at the end is enough, because no other process uses the file and a failed restore removes the file.
  connection.exec('pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off')
  createAtVersion(connection, schemaVersion)
  const tables = tablesOf(connection.run(tablesOfSqlite))
  connection.exec('begin')
  let isFinished = false
  return {
    tables,
    // oxlint-disable-next-line typescript/require-await -- writes are synchronous; the interface is not
    async insert(table, columns, rows) {
      const marks = columns.map(() => '?').join(', ')
      const text = `insert into ${table} (${columns.join(', ')}) values (${marks})`
      for (const values of rows) connection.run({ text, values })
    },
    async finish(statements) {
      connection.exec('commit')
      requireReferences(connection)
      connection.close()
      migrate(unfinished)
      complete(unfinished, statements)
      await syncFile(unfinished)
      // Files that describe the previous database must be removed.
      clearDamage(path)
      rmSync(markFile(path), { force: true })
      await renameDurably(unfinished, path)
      isFinished = true
    },
    // oxlint-disable-next-line typescript/require-await -- as above
    async [Symbol.asyncDispose]() {
      if (connection.isOpen) connection.close()
      if (!isFinished) removeFiles(unfinished)
    },
  }
}

function removeFiles(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm', '.damage'])
    rmSync(`${path}${suffix}`, { force: true })
}

function requireReferences(connection: SqliteConnection): void {
  const [row] = connection.run(sql`pragma foreign_key_check`)
  if (row !== undefined)
    throw new ConfigurationError(
      `the backup is incomplete: a row in ${String(row['table'])} refers to a missing row in ${String(row['parent'])}`,
    )
}

/**
 * Migrates the restored database and runs the statements. When the last connection closes, SQLite copies the write-ahead log
 * into the database file.
 */
function complete(path: string, statements: readonly Sql[]): void {
  const connection = new SqliteConnection(path, { readOnly: false })
  try {
    sortTables(tablesOf(connection.run(tablesOfSqlite)))
    connection.exec('begin immediate')
    for (const statement of statements) connection.run(statement)
    connection.exec('commit; pragma wal_checkpoint(truncate)')
  } finally {
    connection.close()
  }
}
