import type { PostgresConnectionOptions } from '../store/postgres/connection-options.ts'
import type { Snapshot } from '../store/snapshot.ts'
import { openSqliteSnapshot } from '../store/sqlite/snapshot.ts'

/** All of a database as it is now: of the SQLite file, or of the PostgreSQL database, at that location. */
export async function openSnapshot(
  location: string | PostgresConnectionOptions,
): Promise<Snapshot> {
  if (typeof location === 'string') return openSqliteSnapshot(location)
  const { openPostgresSnapshot } = await import('../store/postgres/snapshot.ts')
  return openPostgresSnapshot(location)
}
