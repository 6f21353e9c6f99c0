/** The only connection on which a node writes. Waiting transactions share a commit. */
import type { Client, ClientConfig } from 'pg'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../random.ts'
import { DatabaseUnavailableError } from '../database.ts'
import { connect, responseTimeoutMilliseconds } from './connection.ts'
import { errorOf, isStatementOutdated, isRetriable } from './errors.ts'
import {
  applyGroup,
  conflictOf,
  groupMax,
  prepareTransaction,
  type Outcome,
  type PreparedTransaction,
} from './group-commit.ts'
import type { Row, Sql } from '../sql.ts'

/**
 * Maximum number of waiting transactions. Further transactions are rejected, because a longer queue would take seconds to
 * process.
 */
const waitingMax = 10_000
const attemptsMax = 6
const pauseMillisecondsMax = 50

interface QueuedTransaction {
  readonly transaction: PreparedTransaction
  attempts: number
  readonly resolve: (rows: Row[][]) => void
  readonly reject: (error: Error) => void
}

export class PostgresWriter {
  readonly #config: ClientConfig
  readonly #random: Random
  readonly #queue: QueuedTransaction[] = []
  #client: Promise<Client> | undefined
  /** The connection to which `#client` has resolved. */
  #current: Client | undefined
  #running: Promise<void> | undefined

  constructor(config: ClientConfig, random: Random) {
    this.#config = config
    this.#random = random
  }

  /** Implements Database.transaction. */
  async transaction(statements: readonly Sql[]): Promise<Row[][]> {
    if (statements.length === 0) return []
    const transaction = prepareTransaction(statements)
    if (this.#queue.length >= waitingMax)
      throw new DatabaseUnavailableError('too many transactions are waiting')
    return new Promise((resolve, reject) => {
      this.#queue.push({ transaction, attempts: 0, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Connects unless there is a connection. Throws an error if the connection fails. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /** Applies the waiting transactions and then closes the connection. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    const client = await this.#client?.catch(() => undefined)
    await client?.end()
    this.#client = undefined
  }

  async #run(): Promise<void> {
    // Transactions that arrive in the same turn of the event loop share a commit.
    await nextTurn()
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, groupMax)
      try {
        await this.#apply(group)
      } catch (error) {
        // An unexpected error must not prevent later groups of transactions from being applied.
        for (const { reject } of group) reject(error as Error)
      }
    }
    this.#running = undefined
  }

  async #apply(group: readonly QueuedTransaction[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      outcomes = await this.#applyOn(await this.#connected(), group)
    } catch (error) {
      await this.#settleFailed(group, error)
      return
    }
    const retries: QueuedTransaction[] = []
    for (const [index, outcome] of outcomes.entries()) {
      const one = group[index]
      if (one !== undefined && settle(one, outcome) === 'retry') retries.push(one)
    }
    const isOld = outcomes.some((one) => 'refused' in one && isStatementOutdated(one.refused))
    if (isOld && this.#current !== undefined) this.#drop(this.#current)
    await this.#retry(retries)
  }

  /**
   * Applies a group of transactions. If the server does not respond in time, the connection is closed, and the outcome of the
   * group is unknown.
   */
  async #applyOn(client: Client, group: readonly QueuedTransaction[]): Promise<Outcome[]> {
    const timer = setTimeout(() => this.#drop(client), responseTimeoutMilliseconds)
    try {
      return await applyGroup(
        client,
        group.map(({ transaction }) => transaction),
      )
    } finally {
      clearTimeout(timer)
    }
  }

  async #settleFailed(group: readonly QueuedTransaction[], error: unknown): Promise<void> {
    // The connection is closed because its state is unknown.
    if (this.#current !== undefined) this.#drop(this.#current)
    if (isRetriable(error)) {
      await this.#retry(group.filter((one) => canRetry(one, error)))
      return
    }
    for (const { reject } of group) reject(errorOf(error))
  }

  async #retry(group: readonly QueuedTransaction[]): Promise<void> {
    if (group.length === 0) return
    const [byte = 0] = this.#random.bytes(1)
    await delay(1 + (byte / 255) * pauseMillisecondsMax)
    this.#queue.unshift(...group)
  }

  /** Returns the connection. Concurrent callers share a single connection attempt. */
  #connected(): Promise<Client> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<Client> {
    const config = { ...this.#config, pipeline: true }
    try {
      const client = await connect(config, (lost) => this.#forget(lost))
      this.#current = client
      return client
    } catch (error) {
      this.#client = undefined
      throw error
    }
  }

  #forget(client: Client): void {
    if (this.#current !== client) return
    this.#current = undefined
    this.#client = undefined
  }

  #drop(client: Client): void {
    this.#forget(client)
    client.connection.stream.destroy()
  }
}

/** Settles a transaction's promise with its outcome, unless the transaction will be retried. */
function settle(one: QueuedTransaction, outcome: Outcome): 'retry' | 'done' {
  if ('rows' in outcome) {
    one.resolve(outcome.rows)
    return 'done'
  }
  const { refused } = outcome
  if (isRetriable(refused) && canRetry(one, refused)) return 'retry'
  one.reject(conflictOf(one.transaction, outcome) ?? errorOf(refused))
  return 'done'
}

/** Returns whether a transaction may be retried. Otherwise, the transaction's promise is rejected. */
function canRetry(one: QueuedTransaction, error: unknown): boolean {
  one.attempts += 1
  if (one.attempts < attemptsMax) return true
  one.reject(errorOf(error))
  return false
}
