/** The Database port over SQLite: one writer, reads on a connection of the calling thread. */
import type { Database } from '../database.ts'
import { damageErrorOf } from '../disk-faults.ts'
import { readFailure, watchWriter } from './health.ts'
import type { Ownership } from './ownership.ts'
import { migrate, SqliteConnection } from './connection.ts'
import { TurnReader } from './turn-reader.ts'
import { startWriterThread, type SqliteWriter } from './writer-client.ts'
import type { Sql, SqlValue } from '../sql.ts'

export type SqliteDatabase = Database & Required<Pick<Database, 'truncateLog'>>

export interface SqliteOptions {
  /** The writer has ended: nothing can be written any more. */
  readonly onFailure?: (error: Error) => void
  /**
   * Who writes, for a database that it has opened already; a thread of this process unless said otherwise. One database has
   * one writer at a time that counts on nobody else writing much.
   */
  readonly writer?: SqliteWriter
  /** Ownership of the server; undefined for a command. */
  readonly ownership?: Ownership | undefined
}

/**
 * Opens the database in that file, makes it if there is none (mode 0600), and brings it to the newest schema. Throws
 * ConfigurationError for a file that is none of ours, or that a newer version wrote.
 */
export async function openSqlite(
  path: string,
  options: SqliteOptions = {},
): Promise<SqliteDatabase> {
  if (options.writer === undefined) migrate(path)
  const writer =
    options.writer ??
    (await startWriterThread({ path, ownership: options.ownership }, options.onFailure))
  const { run, probe } = watchWriter(writer, path)
  const reader = new TurnReader(new SqliteConnection(path, { readOnly: true }))
  return {
    // oxlint-disable-next-line typescript/require-await -- reads are synchronous; the port is not
    async query(statement) {
      try {
        return reader.query(statement)
      } catch (error) {
        throw readFailure(error, path)
      }
    },
    async transaction(statements) {
      requireWhole(path)
      try {
        return await run({ kind: 'transaction', statements: statements.map(compact) })
      } finally {
        reader.end()
      }
    },
    snapshot: () => reader.snapshot(),
    damage: () => damageErrorOf(path),
    changeStamp: () => reader.stamp(),
    async truncateLog() {
      // The log cannot be emptied while a snapshot is read from it, and a writer on this thread would wait for it in vain.
      reader.end()
      await run({ kind: 'truncate-log' })
    },
    async probe() {
      requireWhole(path)
      await probe()
    },
    async close() {
      reader.close()
      // Last, so that the last connection to close empties the log into the database.
      await writer.close()
    },
  }
}

function requireWhole(path: string): void {
  const error = damageErrorOf(path)
  if (error !== undefined) throw error
}

/** A message carries the whole buffer behind a view, which may be far larger than the view. */
function compact(statement: Sql): Sql {
  return statement.values.some(isPartOfBuffer)
    ? {
        ...statement,
        values: statement.values.map((value) =>
          isPartOfBuffer(value) ? Uint8Array.from(value) : value,
        ),
      }
    : statement
}

function isPartOfBuffer(value: SqlValue): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
}
