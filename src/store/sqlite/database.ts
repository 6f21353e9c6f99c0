/** The Database interface on SQLite. A single writer commits transactions, and reads use a connection on the calling thread. */
import { stat } from 'node:fs/promises'
import type { Database } from '../database.ts'
import { damageErrorOf } from '../disk-faults.ts'
import { readFailure, watchWriter } from './health.ts'
import type { Ownership } from './ownership.ts'
import { SqliteConnection } from './connection.ts'
import { createOwnWriter } from './own-writer.ts'
import { TurnReader } from './turn-reader.ts'
import type { SqliteWriter } from './writer-client.ts'
import type { Sql, SqlValue } from '../sql.ts'

export type SqliteDatabase = Database & Required<Pick<Database, 'truncateLog'>>

export interface SqliteOptions {
  /** Called after a failure of the writer, when it is unknown which transactions were committed. */
  readonly onFailure?: (error: Error) => void
  /**
   * Writer that has already opened the database. By default, the current process is the writer. A database has one
   * regular writer, but commands may write occasionally.
   */
  readonly writer?: SqliteWriter
  /** The server's ownership of the database, or undefined for a command. */
  readonly ownership?: Ownership | undefined
}

/**
 * Opens the database file and migrates it to the newest schema version. A missing file is created with mode 0600. Throws
 * ConfigurationError if another program or a newer version of Signet wrote the file.
 */
// oxlint-disable-next-line typescript/require-await -- failures are rejections
export async function openSqlite(
  path: string,
  options: SqliteOptions = {},
): Promise<SqliteDatabase> {
  const { ownership, onFailure = () => undefined } = options
  const writer = options.writer ?? createOwnWriter(path, { ownership, onFailure })
  const { run, probe } = watchWriter(writer, path)
  const reader = new TurnReader(new SqliteConnection(path, { readOnly: true }))
  return {
    // oxlint-disable-next-line typescript/require-await -- reads are synchronous; the interface is not
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
      // An open snapshot would prevent the truncation of the write-ahead log.
      reader.end()
      const [[result] = []] = await run({ kind: 'truncate-log' })
      return result?.['busy'] === 0
    },
    sizeBytes: () => sizeOf(path),
    async probe() {
      requireWhole(path)
      await probe()
    },
    async close() {
      reader.close()
      // The writer must close last, because the last open connection copies the write-ahead log into the database file.
      await writer.close()
    },
  }
}

/** Returns the combined size of the database file and its write-ahead log. */
async function sizeOf(path: string): Promise<number> {
  const { size } = await stat(path)
  const log = await stat(`${path}-wal`).catch(() => undefined)
  return size + (log?.size ?? 0)
}

function requireWhole(path: string): void {
  const error = damageErrorOf(path)
  if (error !== undefined) throw error
}

/** Copies byte values. A message would otherwise contain a view's whole buffer, which may be much larger than the view. */
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
