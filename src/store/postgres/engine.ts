/** The Engine port over a PostgreSQL database, which any number of nodes share. */
import { clearDamage } from '../damage.ts'
import type { Engine } from '../engine.ts'
import { versionsBeforePostgres } from '../tables.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { openPostgres } from './database.ts'
import { openPostgresRestore } from './restore.ts'
import { createPostgresRows } from './rows.ts'
import { postgresSchema } from './schema.ts'
import { openPostgresSnapshot } from './snapshot.ts'

export interface PostgresLocation {
  readonly connection: PostgresConnectionOptions
  /** Connections that read, at most. */
  readonly pool: number
  /** This node notes damage of the database beside this path. */
  readonly damagePath: string
}

export function postgresEngine({ connection, pool, damagePath }: PostgresLocation): Engine {
  return {
    isShared: true,
    schemaVersion: postgresSchema.length + versionsBeforePostgres,
    exists: () => undefined,
    async open({ mayCreate, random, acceptLoss }) {
      // The operator has repaired the database on its server.
      if (acceptLoss) clearDamage(damagePath)
      return openPostgres(connection, { pool, random, mayCreate, damagePath })
    },
    openSnapshot: () => openPostgresSnapshot(connection),
    // The server of the database checks its pages itself.
    structureProblems: async () => [],
    // Only a connection shows whether the database is empty.
    requireRestorable() {},
    openRestore: (schemaVersion) => openPostgresRestore(connection, schemaVersion),
    openRows: () => createPostgresRows(connection),
  }
}
