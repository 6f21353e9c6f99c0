/** The Engine interface on a SQLite file. A server owns the file, and commands may use the file at the same time. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import { requireNewestSchema, SqliteConnection } from './connection.ts'
import { openSqlite } from './database.ts'
import { recordLostWrites } from './lost-writes.ts'
import { peek } from './peek.ts'
import { requireNoEarlierDatabase } from './own-database.ts'
import type { Ownership } from './ownership.ts'
import { openSqliteRestore, unfinishedPath } from './restore.ts'
import { sqliteSchema } from './schema.ts'
import { openSqliteSnapshot, structureProblems } from './snapshot.ts'
import type { SqliteWriter } from './writer-client.ts'

/** Options that only a server passes to the engine. */
export interface SqliteSettings {
  /** Function that takes ownership of the database before it is opened. */
  readonly own?: (path: string) => Promise<Ownership>
  /** Writer that has already opened the database. By default, the current process is the writer. */
  readonly writer?: SqliteWriter
}

/** The writer of a read-only database, which refuses all transactions. */
const refusingWriter: SqliteWriter = {
  run: () => Promise.reject(new Error('the database was opened read-only')),
  close: () => Promise.resolve(),
}

export function sqliteEngine(path: string, { own, writer }: SqliteSettings = {}): Engine {
  return {
    isShared: false,
    schemaVersion: sqliteSchema.length,
    exists({ mayCreate, acceptLoss }) {
      if (existsSync(path)) return true
      const folder = dirname(path)
      if (existsSync(unfinishedPath(path)))
        throw new ConfigurationError(
          `a restore into ${folder} is running or was interrupted; run "signet restore" again`,
        )
      if (!mayCreate)
        throw new ConfigurationError(
          `${folder} has no database; "signet serve" creates it at its first start`,
        )
      requireNoEarlierDatabase(path, acceptLoss)
      return false
    },
    async open({ onFailure }) {
      const ownership = await own?.(path)
      const db = await openSqlite(path, {
        ownership,
        ...(onFailure && { onFailure }),
        ...(writer && { writer }),
      })
      try {
        if (own === undefined && writer === undefined) recordLostWrites(path)
        return db
      } catch (error) {
        await db.close()
        throw error
      }
    },
    async openReadOnly() {
      requireNewestSchema(path)
      recordLostWrites(path)
      return openSqlite(path, { writer: refusingWriter })
    },
    // oxlint-disable-next-line typescript/require-await -- SQLite is synchronous; the interface is not
    peek: async (statement) => peek(path, statement),
    // oxlint-disable-next-line typescript/require-await -- as above
    openSnapshot: async () => openSqliteSnapshot(path),
    structureProblems,
    requireRestorable() {
      if (existsSync(path))
        throw new ConfigurationError(
          `the data folder ${dirname(path)} is not empty: it contains a database`,
        )
    },
    // oxlint-disable-next-line typescript/require-await -- as above
    openRestore: async (schemaVersion) => openSqliteRestore(path, schemaVersion),
    openRows() {
      const connection = new SqliteConnection(path, { readOnly: true })
      return {
        // oxlint-disable-next-line typescript/require-await -- as above
        read: async (statement) => connection.run(statement),
        readSnapshot: (reads) => connection.readSnapshot(reads),
      }
    },
  }
}
