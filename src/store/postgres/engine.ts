/** The Engine interface on a PostgreSQL database. Any number of nodes may share the database. */
import { systemRandom } from '../../random.ts'
import { clearDamage } from '../damage.ts'
import type { Engine } from '../engine.ts'
import { versionsBeforePostgres } from '../tables.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { openPostgres } from './database.ts'
import { peek } from './peek.ts'
import { openPostgresRestore } from './restore.ts'
import { createPostgresRows } from './rows.ts'
import { postgresSchema } from './schema.ts'
import { openPostgresSnapshot } from './snapshot.ts'

export interface PostgresLocation {
  readonly connection: PostgresConnectionOptions
  /** Maximum number of read-only connections. */
  readonly pool: number
  /** Base path of the file in which the node records damage to the database. */
  readonly damagePath: string
}

export function postgresEngine({ connection, pool, damagePath }: PostgresLocation): Engine {
  return {
    isShared: true,
    schemaVersion: postgresSchema.length + versionsBeforePostgres,
    exists: () => undefined,
    async open({ mayCreate, random, acceptLoss }) {
      // With --accept-loss, the operator confirms that the database server was repaired.
      if (acceptLoss) clearDamage(damagePath)
      return openPostgres(connection, { pool, random, mayCreate, damagePath })
    },
    openReadOnly: () =>
      openPostgres(connection, { pool, random: systemRandom, damagePath, isReadOnly: true }),
    peek: (statement) => peek(connection, statement),
    openSnapshot: () => openPostgresSnapshot(connection),
    // PostgreSQL checks its pages itself.
    structureProblems: async () => [],
    // openRestore checks that the database is empty, because the check needs a connection.
    requireRestorable() {},
    openRestore: (schemaVersion) => openPostgresRestore(connection, schemaVersion),
    openRows: () => createPostgresRows(connection),
  }
}
