/**
 * The Database port over PostgreSQL, which any number of nodes share: a pool of connections that only read, and one that
 * writes (docs/decisions/0012).
 */
import { Pool, type Client, type ClientConfig, type PoolConfig } from 'pg'
import type { Random } from '../../random.ts'
import { within } from '../deadline.ts'
import { recordDamage } from '../damage.ts'
import type { Database, SharedDatabase } from '../database.ts'
import { damageErrorOf, DiskFaultError } from '../disk-faults.ts'
import {
  advisoryLocks,
  clientConfig,
  connect,
  prepareSession,
  silenceMilliseconds,
} from './connection.ts'
import { errorOf, isLost, isRetriable } from './errors.ts'
import { migratePostgres } from './migrate.ts'
import { nameOfPlace, type PostgresConnectionOptions } from './connection-options.ts'
import { preparedQuery, type PreparedQuery } from './text.ts'
import { PostgresWriter } from './writer.ts'
import type { Row } from '../sql.ts'

export interface PostgresOptions {
  /** Connections that read, at most. */
  readonly pool: number
  readonly random: Random
  /** Makes what a new database needs. */
  readonly mayCreate: boolean
  /** Beside what a damaged page that is met is noted; nothing is issued from then on. Not noted if undefined. */
  readonly damagePath?: string
}

export type PostgresDatabase = Database & { readonly shared: SharedDatabase }

const idleMilliseconds = 60_000
const waitMilliseconds = 10_000
const probeMilliseconds = 3000

/**
 * Opens the database and brings it to the newest schema. Throws ConfigurationError if the server cannot be reached or
 * used, and for a database that a newer version wrote. Later the server may go and come back.
 */
export async function openPostgres(
  place: PostgresConnectionOptions,
  { pool, random, mayCreate, damagePath }: PostgresOptions,
): Promise<PostgresDatabase> {
  const config = await clientConfig(place)
  await migratePostgres(config, { name: nameOfPlace(place), mayCreate })
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
      return noting(damagePath, readers.read(preparedQuery(statement)))
    },
    transaction: async (statements) => {
      if (closed !== undefined) throw new Error('the database is closed')
      const damage = damageOf()
      if (damage !== undefined) throw damage
      return noting(damagePath, writer.transaction(statements))
    },
    damage: damageOf,
    // Another node may have committed since anything was heard: callers look.
    changeStamp: () => undefined,
    close: () => (closed ??= close()),
    async probe() {
      const damage = damageOf()
      if (damage !== undefined) throw damage
      await probe(readers, writer)
    },
    shared: { alone: (work) => doAlone(config, work) },
  }
}

/** Notes damage that somebody has met, for all processes of this node. */
async function noting<T>(damagePath: string | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (damagePath !== undefined && error instanceof DiskFaultError && error.fault === 'damaged')
      recordDamage(damagePath, { kind: 'damaged', reason: (error.cause as Error).message })
    throw error
  }
}

interface Readers {
  read(query: PreparedQuery): Promise<Row[]>
  close(): Promise<void>
}

function createReaders(config: ClientConfig, max: number): Readers {
  const pool = new Pool({
    ...config,
    max,
    idleTimeoutMillis: idleMilliseconds,
    // Also for how long a read waits for a connection.
    connectionTimeoutMillis: waitMilliseconds,
    query_timeout: silenceMilliseconds,
    verify(client, done) {
      // oxlint-disable-next-line promise/no-callback-in-promise -- the pool has callbacks
      prepareSession(client).then(() => done(), done)
    },
  } satisfies PoolConfig)
  // Of a connection that nobody uses: the pool replaces it.
  pool.on('error', () => {})
  // The pool listens neither while a new connection is set up nor while it is used, and an error without a listener ends the
  // process. Whoever waits for an answer is told of it.
  pool.on('connect', (client) => client.on('error', () => {}))
  const running = new Set<Promise<unknown>>()

  async function readOnce(query: Omit<PreparedQuery, 'name'>): Promise<Row[]> {
    const { rows } = await pool.query<Row>(query)
    return rows
  }
  /**
   * A read that met a connection which had just been lost is read again: it changed nothing. Then it is not prepared, as
   * every connection may have it from before a change of the schema.
   */
  async function readTwice(query: PreparedQuery): Promise<Row[]> {
    try {
      return await readOnce(query)
    } catch (error) {
      if (!isLost(error) && !isRetriable(error)) throw errorOf(error)
    }
    try {
      const { text, values } = query
      return await readOnce({ text, values })
    } catch (error) {
      throw errorOf(error)
    }
  }
  return {
    async read(query) {
      const reading = readTwice(query)
      running.add(reading)
      try {
        return await reading
      } finally {
        running.delete(reading)
      }
    },
    async close() {
      await Promise.allSettled(running)
      await pool.end()
    },
  }
}

async function probe(readers: Readers, writer: PostgresWriter): Promise<void> {
  const answers = Promise.all([
    readers.read(preparedQuery({ text: 'select 1 as one', values: [] })),
    writer.connect(),
  ]).catch((error: unknown) => {
    throw errorOf(error)
  })
  await within(probeMilliseconds, answers, 'the server does not answer')
}

/** The lock is that of a session of its own, so that it ends with the process in any case. */
async function doAlone<T>(config: ClientConfig, work: () => Promise<T>): Promise<T> {
  let client: Client | undefined
  try {
    client = await connect(config)
    await client.query(`select pg_advisory_lock(${advisoryLocks.alone})`)
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
