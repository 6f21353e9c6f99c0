import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { peekMasterKeySettings } from '../store/master-keys.ts'
import type { Row, Sql } from '../store/sql.ts'
import type { Config } from '../settings/config.ts'

/** Reads a database without a running server, for checks of the settings. */
export interface PeekedDatabase {
  /** Whether the database exists. The first start creates it. */
  readonly exists: boolean
  query(statement: Sql): Promise<Row[]>
  /** Whether a query returned no result because the database has an older schema, which `signet serve` would migrate first. */
  isOutdated(): boolean
}

export async function peekDatabase(config: Config): Promise<PeekedDatabase> {
  const engine = await loadEngine(locateDatabase(config))
  const { check } = await peekMasterKeySettings(engine)
  let isOutdated = false
  return {
    exists: check !== undefined,
    isOutdated: () => isOutdated,
    async query(statement) {
      const rows = await engine.peek(statement)
      isOutdated ||= rows === undefined
      return rows ?? []
    },
  }
}
