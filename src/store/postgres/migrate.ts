/** Brings a PostgreSQL database to the newest schema, whichever node comes first. */
import type { Client, ClientConfig } from 'pg'
import { ConfigurationError } from '../../errors.ts'
import { advisoryLocks, connect } from './connection.ts'
import { errorOf } from './errors.ts'
import { postgresSchema } from './schema.ts'

/** What is done with a database that has no schema of ours. */
export interface MigrateOptions {
  /** How the database is called in messages. */
  readonly name: string
  readonly mayCreate: boolean
}

/**
 * Applies what is missing, in one transaction that only one node at a time is in. Throws ConfigurationError if the
 * server cannot be used, if a newer version wrote the database, or if there is none of ours and none may be made.
 */
export async function migratePostgres(
  config: ClientConfig,
  { name, mayCreate }: MigrateOptions,
): Promise<void> {
  let client: Client
  try {
    client = await connect(config)
  } catch (error) {
    throw error instanceof ConfigurationError ? error : unusableError(name, error)
  }
  try {
    await requireSuitableServer(client, name)
    const version = await versionOf(client)
    if (version === postgresSchema.length) return
    if (version === 0 && !mayCreate)
      throw new ConfigurationError(
        `there is nothing of Signet in ${name}; "signet serve" makes it when it first starts`,
      )
    requireKnown(version, name)
    await migrate(client, name)
  } catch (error) {
    throw error instanceof ConfigurationError ? error : unusableError(name, error)
  } finally {
    await client.end()
  }
}

export function unusableError(name: string, error: unknown): ConfigurationError {
  const { message, cause } = errorOf(error)
  const why = cause instanceof Error ? cause.message : message
  return new ConfigurationError(`${name} cannot be used: ${why}`, { cause: error })
}

/** A database that would lose what it acknowledged, or text, is refused. */
export async function requireSuitableServer(client: Client, name: string): Promise<void> {
  const setting = async (variable: string): Promise<unknown> =>
    (await client.query<{ value: string }>(`select current_setting('${variable}') as value`))
      .rows[0]?.value
  if ((await setting('server_encoding')) !== 'UTF8')
    throw new ConfigurationError(`${name} must have the encoding UTF8`)
  if ((await setting('fsync')) !== 'on')
    throw new ConfigurationError(
      `${name} runs with fsync = off, and would lose what it has acknowledged`,
    )
  if (Number(await setting('server_version_num')) < 130_000)
    throw new ConfigurationError(`${name} must be version 13 or newer`)
}

/** The schema version of the database; 0 if there is nothing of ours. */
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
      `${name} was written by a newer version of Signet (schema ${version}; this one knows ${postgresSchema.length})`,
    )
}

async function migrate(client: Client, name: string): Promise<void> {
  await client.query('begin isolation level read committed read write')
  // A long migration, here or by another node, is not a statement that hangs.
  await client.query('set local statement_timeout = 0')
  await client.query(`select pg_advisory_xact_lock(${advisoryLocks.migrate})`)
  const version = await versionOf(client)
  requireKnown(version, name)
  if (version === 0) await createSchema(client)
  await applySchema(client, postgresSchema.slice(version))
  await client.query('commit')
}

/** Applies what follows the version that the database has. */
export async function applySchema(client: Client, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) await client.query(schema)
  await client.query(`update schema_version set version = version + ${schemas.length}`)
}

/** An administrator may have made the schema, for a user who may not create any. */
export async function createSchema(client: Client): Promise<void> {
  const { rows } = await client.query(`select 1 from pg_namespace where nspname = 'signet'`)
  if (rows.length === 0) await client.query('create schema signet')
  await client.query('create table schema_version (version integer not null)')
  await client.query('insert into schema_version values (0)')
}
