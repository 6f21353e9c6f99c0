/** Migration of a PostgreSQL database to the newest schema version. The first node that starts migrates the database. */
import type { Client, ClientConfig } from 'pg'
import { ConfigurationError } from '../../errors.ts'
import { advisoryLocks, connect } from './connection.ts'
import { errorOf } from './errors.ts'
import { postgresSchema } from './schema.ts'

/** Options for a database that lacks Signet's schema. */
export interface MigrateOptions {
  /** Name of the database in messages. */
  readonly name: string
  readonly mayCreate: boolean
}

/**
 * Applies the missing migrations in a single transaction, which only one node at a time can run. Throws ConfigurationError if the
 * server is unusable, if a newer version of Signet wrote the database, or if the schema is missing and must not be created.
 */
export async function migratePostgres(
  config: ClientConfig,
  { name, mayCreate }: MigrateOptions,
): Promise<void> {
  await withClient(config, name, async (client) => {
    await requireSuitableServer(client, name)
    const version = await versionOf(client)
    if (version === postgresSchema.length) return
    if (version === 0 && !mayCreate)
      throw new ConfigurationError(
        `${name} does not contain a Signet database; "signet serve" creates it at its first start`,
      )
    requireKnown(version, name)
    await migrate(client, name)
  })
}

/** Throws ConfigurationError unless the database can be reached and has the newest schema version. Changes nothing. */
export async function requireNewestSchema(config: ClientConfig, name: string): Promise<void> {
  await withClient(config, name, async (client) => {
    const version = await versionOf(client)
    requireKnown(version, name)
    if (version < postgresSchema.length)
      throw new ConfigurationError(
        `${name} was written by an earlier version of Signet (schema ${version}); the next start with the master key migrates it`,
      )
  })
}

/** Runs `work` on a separate connection, and converts errors to ConfigurationError. */
async function withClient(
  config: ClientConfig,
  name: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  let client: Client | undefined
  try {
    client = await connect(config)
    await work(client)
  } catch (error) {
    throw error instanceof ConfigurationError ? error : unusableError(name, error)
  } finally {
    await client?.end()
  }
}

export function unusableError(name: string, error: unknown): ConfigurationError {
  const { message, cause } = errorOf(error)
  const why = cause instanceof Error ? cause.message : message
  return new ConfigurationError(`${name} cannot be used: ${why}`, { cause: error })
}

/** Throws ConfigurationError if the server could lose acknowledged commits or cannot store all text. */
export async function requireSuitableServer(client: Client, name: string): Promise<void> {
  const setting = async (variable: string): Promise<unknown> =>
    (await client.query<{ value: string }>(`select current_setting('${variable}') as value`))
      .rows[0]?.value
  if ((await setting('server_encoding')) !== 'UTF8')
    throw new ConfigurationError(
      `${name} must have the encoding UTF8; create the database with ENCODING 'UTF8'`,
    )
  if ((await setting('fsync')) !== 'on')
    throw new ConfigurationError(
      `${name} runs with fsync = off and could lose acknowledged commits; set fsync = on`,
    )
  if (Number(await setting('server_version_num')) < 130_000)
    throw new ConfigurationError(`${name} must run on PostgreSQL 13 or newer`)
}

/** Returns the schema version of the database, or 0 if the database does not contain Signet's schema. */
export async function versionOf(client: Client): Promise<number> {
  const { rows: tables } = await client.query(
    `select 1 from pg_tables where schemaname = 'signet' and tablename = 'schema_version'`,
  )
  if (tables.length === 0) return 0
  const { rows } = await client.query<{ version: number }>('select version from schema_version')
  return rows[0]?.version ?? 0
}

function requireKnown(version: number, name: string): void {
  if (version > postgresSchema.length)
    throw new ConfigurationError(
      `${name} was written by a newer version of Signet (schema ${version}; this version supports up to ${postgresSchema.length})`,
    )
}

async function migrate(client: Client, name: string): Promise<void> {
  await client.query('begin isolation level read committed read write')
  // The statement timeout must not cancel a long migration on this node or the wait for a migration on another node.
  await client.query('set local statement_timeout = 0')
  await client.query(`select pg_advisory_xact_lock(${advisoryLocks.migrate})`)
  const version = await versionOf(client)
  requireKnown(version, name)
  if (version === 0) await createSchema(client)
  await applySchema(client, postgresSchema.slice(version))
  await client.query('commit')
}

/** Applies the schema versions that are newer than the version of the database. */
export async function applySchema(client: Client, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) await client.query(schema)
  await client.query(`update schema_version set version = version + ${schemas.length}`)
}

/**
 * Creates the schema unless it exists. An administrator may have created the schema for a user without permission to create
 * schemas.
 */
export async function createSchema(client: Client): Promise<void> {
  const { rows } = await client.query(`select 1 from pg_namespace where nspname = 'signet'`)
  if (rows.length === 0) await client.query('create schema signet')
  await client.query('create table schema_version (version integer not null)')
  await client.query('insert into schema_version values (0)')
}
