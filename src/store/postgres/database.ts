/**
 * The Database interface on PostgreSQL. Any number of nodes may share a database. Each node has a pool of read-only connections
 * and one connection for writes (docs/decisions/0012).
 */
import type { Client, ClientConfig } from 'pg'
import type { Random } from '../../random.ts'
import { integerOf } from '../columns.ts'
import { withTimeout } from '../deadline.ts'
import { recordDamage } from '../damage.ts'
import type { Database, SharedDatabase } from '../database.ts'
import { damageErrorOf, DiskFaultError } from '../disk-faults.ts'
import { advisoryLocks, clientConfig, connect } from './connection.ts'
import { errorOf } from './errors.ts'
import { migratePostgres, requireNewestSchema } from './migrate.ts'
import { connectionName, type PostgresConnectionOptions } from './connection-options.ts'
import { createReaders, type Readers } from './readers.ts'
import { preparedQuery } from './text.ts'
import { PostgresWriter } from './writer.ts'

export interface PostgresOptions {
  /** Maximum number of read-only connections. */
  readonly pool: number
  readonly random: Random
  /** Whether the schema may be created if it is missing. */
  readonly mayCreate?: boolean
  /**
   * Whether the database is opened read-only. A read-only database must have the newest schema version, and refuses
   * transactions.
   */
  readonly isReadOnly?: boolean
  /**
   * Base path of the file that records damage to the database; undefined if damage is not recorded. Once damage is recorded,
   * nothing is issued.
   */
  readonly damagePath?: string
}

export type PostgresDatabase = Database & { readonly shared: SharedDatabase }

const probeMilliseconds = 3000

/**
 * Opens the database and migrates it to the newest schema version. Throws ConfigurationError if the server cannot be reached or
 * used, or if a newer version of Signet wrote the database. After the database has been opened, lost connections are reopened.
 */
export async function openPostgres(
  place: PostgresConnectionOptions,
  { pool, random, mayCreate = false, isReadOnly = false, damagePath }: PostgresOptions,
): Promise<PostgresDatabase> {
  const config = await clientConfig(place)
  const name = connectionName(place)
  await (isReadOnly
    ? requireNewestSchema(config, name)
    : migratePostgres(config, { name, mayCreate }))
  const readers = createReaders(config, pool)
  const writer = new PostgresWriter(config, random)
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.all([writer.close(), readers.close()])
  }
  const damageOf = (): DiskFaultError | undefined =>
    damagePath === undefined ? undefined : damageErrorOf(damagePath)
  return {
    query: async (statement) => {
      if (closed !== undefined) throw new Error('the database is closed')
      return withDamageRecord(damagePath, readers.read(preparedQuery(statement)))
    },
    transaction: async (statements) => {
      if (closed !== undefined) throw new Error('the database is closed')
      if (isReadOnly) throw new Error('the database was opened read-only')
      const damage = damageOf()
      if (damage !== undefined) throw damage
      return withDamageRecord(damagePath, writer.transaction(statements))
    },
    damage: damageOf,
    // The stamp is undefined, so that callers always read: another node may have committed since the last read.
    changeStamp: () => undefined,
    close: () => (closed ??= close()),
    async sizeBytes() {
      const text = 'select pg_database_size(current_database()) as size'
      const [row] = await readers.read(preparedQuery({ text, values: [] }))
      return row === undefined ? 0 : integerOf(row, 'size')
    },
    connections: () => readers.connections(),
    async probe() {
      const damage = damageOf()
      if (damage !== undefined) throw damage
      await probe(readers, writer)
    },
    shared: { runExclusively: (work) => runExclusively(config, work) },
  }
}

/**
 * Returns the result of `work`. If `work` fails because of damage to the database, the damage is recorded for all processes on
 * the node.
 */
async function withDamageRecord<T>(damagePath: string | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (damagePath !== undefined && error instanceof DiskFaultError && error.fault === 'damaged')
      recordDamage(damagePath, { kind: 'damaged', reason: (error.cause as Error).message })
    throw error
  }
}

async function probe(readers: Readers, writer: PostgresWriter): Promise<void> {
  const answers = Promise.all([
    readers.read(preparedQuery({ text: 'select 1 as one', values: [] })),
    writer.connect(),
  ]).catch((error: unknown) => {
    throw errorOf(error)
  })
  await withTimeout(probeMilliseconds, answers, 'the database server does not respond')
}

/** A separate session holds the lock, so that the lock is released when the process ends for any reason. */
async function runExclusively<T>(config: ClientConfig, work: () => Promise<T>): Promise<T> {
  let client: Client | undefined
  try {
    client = await connect(config)
    await client.query(`select pg_advisory_lock(${advisoryLocks.exclusive})`)
  } catch (error) {
    await client?.end()
    throw errorOf(error)
  }
  try {
    return await work()
  } finally {
    await client.end()
  }
}
