/**
 * The table of database engines, and the selection of an engine according to the configuration. An engine is loaded when it is
 * first used.
 */
import { join } from 'node:path'
import type { Engine } from '../engine.ts'
import type { PostgresConnectionOptions } from '../postgres/connection-options.ts'

export const engines = {
  sqlite: async () => (await import('../sqlite/engine.ts')).sqliteEngine,
  postgres: async () => (await import('../postgres/engine.ts')).postgresEngine,
} satisfies Record<string, () => Promise<(...parameters: never) => Engine>>

type EngineName = keyof typeof engines
type ParametersOf<N extends EngineName> = Parameters<Awaited<ReturnType<(typeof engines)[N]>>>

/**
 * Location of a database, as plain data that can be sent to a thread. The location consists of the engine and the engine's
 * options.
 */
export type DatabaseLocation = {
  [N in EngineName]: { readonly engine: N; readonly at: ParametersOf<N>[0] }
}[EngineName]

/** Settings that apply to only one engine. */
export type EngineSettings = { readonly [N in EngineName]?: ParametersOf<N>[1] }

/** The part of the configuration that selects a database. */
interface DatabaseConfig {
  readonly dataDirectory: string
  /** Options for a PostgreSQL database, or undefined for a SQLite database in the data folder. */
  readonly database:
    | (Omit<PostgresConnectionOptions, 'password'> & {
        readonly password: { readonly value: PostgresConnectionOptions['password'] }
        readonly pool: number
      })
    | undefined
}

/** Returns the absolute path of the SQLite file in a data folder. */
export function databaseFile({ dataDirectory }: Pick<DatabaseConfig, 'dataDirectory'>): string {
  return join(dataDirectory, 'signet.sqlite')
}

export function locateDatabase({ dataDirectory, database }: DatabaseConfig): DatabaseLocation {
  if (database === undefined) return { engine: 'sqlite', at: databaseFile({ dataDirectory }) }
  const { password, pool, ...place } = database
  const connection = { ...place, password: password.value }
  // Base path of the file that records damage to the PostgreSQL database.
  const damagePath = join(dataDirectory, 'postgresql')
  return { engine: 'postgres', at: { connection, pool, damagePath } }
}

/** Loads the engine of a database without opening the database. */
export async function loadEngine(
  { engine, at }: DatabaseLocation,
  settings: EngineSettings = {},
): Promise<Engine> {
  const create = (await engines[engine]()) as (...parameters: readonly unknown[]) => Engine
  return create(at, settings[engine])
}
