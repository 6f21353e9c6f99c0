/** Reads from PostgreSQL over a pool of read-only connections. */
import { Pool, type ClientConfig, type PoolClient, type PoolConfig } from 'pg'
import { prepareSession, responseTimeoutMilliseconds } from './connection.ts'
import { errorOf, isConnectionLost, isRetriable } from './errors.ts'
import type { PreparedQuery } from './text.ts'
import type { DatabaseConnections } from '../database.ts'
import type { Row } from '../sql.ts'

export interface Readers {
  read(query: PreparedQuery): Promise<Row[]>
  connections(): DatabaseConnections
  close(): Promise<void>
}

interface Read {
  readonly query: PreparedQuery
  readonly resolve: (rows: Row[]) => void
  readonly reject: (error: unknown) => void
}

const idleMilliseconds = 60_000
const waitMilliseconds = 10_000

export function createReaders(config: ClientConfig, max: number): Readers {
  const pool = createPool(config, max)
  /** Reads that wait for a free connection, grouped by statement. */
  const waiting = new Map<string, Read[]>()
  const running = new Set<Promise<unknown>>()

  function collect(read: Read): void {
    const reads = [read]
    const { name } = read.query
    waiting.set(name, reads)
    pool.connect((error, client, release) => {
      waiting.delete(name)
      if (client === undefined) for (const { reject } of reads) reject(error)
      else sendTogether(client, reads, release)
    })
  }
  function readOnce(query: PreparedQuery): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const read = { query, resolve, reject }
      const others = waiting.get(query.name)
      if (others === undefined) collect(read)
      else others.push(read)
    })
  }
  /**
   * If the connection was lost, the read is repeated. Repeating a read is safe, because a read changes nothing. The repeated
   * statement is not prepared, because a schema change may have invalidated the prepared statements of all connections.
   */
  async function readWithRetry(query: PreparedQuery): Promise<Row[]> {
    try {
      return await readOnce(query)
    } catch (error) {
      if (!isConnectionLost(error) && !isRetriable(error)) throw errorOf(error)
    }
    try {
      const { text, values } = query
      return (await pool.query<Row>({ text, values })).rows
    } catch (error) {
      throw errorOf(error)
    }
  }
  return {
    async read(query) {
      const reading = readWithRetry(query)
      running.add(reading)
      try {
        return await reading
      } finally {
        running.delete(reading)
      }
    },
    connections() {
      const { totalCount, idleCount, waitingCount } = pool
      return { active: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
    },
    async close() {
      await Promise.allSettled(running)
      await pool.end()
    },
  }
}

/**
 * Sends reads that use the same statement in one message. Identical reads are sent only once. The reads are settled together
 * after the last reply, so that the requests in a batch stay together. A read is sent after it was requested, so it sees every
 * write that was acknowledged before the request.
 *
 * With 64 connections, combining the reads saves 38 % of the server's and 74 % of PostgreSQL's CPU time for GetCertificate.
 * For OCSP responses from memory, the savings are 58 % and 92 %, respectively.
 */
function sendTogether(
  client: PoolClient,
  reads: readonly Read[],
  release: (failed: boolean) => void,
): void {
  const shared =
    reads.length === 1
      ? [reads]
      : [...Map.groupBy(reads, ({ query }) => JSON.stringify(query.values)).values()]
  const answered: (() => void)[] = []
  let failed = false
  const { stream } = client.connection
  stream.cork()
  for (const same of shared) {
    const [{ query }] = same as [Read]
    client.query<Row>(query, (error: Error | null, result) => {
      failed ||= error !== null
      answered.push(() => {
        for (const read of same)
          if (error === null) read.resolve(result.rows)
          else read.reject(error)
      })
      if (answered.length < shared.length) return
      release(failed)
      for (const settle of answered) settle()
    })
  }
  stream.uncork()
}

function createPool(config: ClientConfig, max: number): Pool {
  const pool = new Pool({
    ...config,
    max,
    pipeline: true,
    idleTimeoutMillis: idleMilliseconds,
    // Time limit for opening a new connection, and for a read that waits for a free connection.
    connectionTimeoutMillis: waitMilliseconds,
    query_timeout: responseTimeoutMilliseconds,
    verify(client, done) {
      // oxlint-disable-next-line promise/no-callback-in-promise -- the pool's API uses callbacks
      prepareSession(client).then(() => done(), done)
    },
  } satisfies PoolConfig)
  // If an idle connection fails, the pool replaces the connection.
  pool.on('error', () => {})
  // While a connection is being set up or in use, the pool has no error listener for it. An error without a listener would end
  // the process. The promise of the running query rejects with the same error.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
