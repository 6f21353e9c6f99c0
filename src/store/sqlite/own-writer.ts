/** The writer of a SQLite database on the calling thread. */
import { setTimeout } from 'node:timers/promises'
import { startCheckpoints, type Checkpoints } from './checkpoints.ts'
import { migrate, SqliteConnection } from './connection.ts'
import {
  commitGroup,
  groupMax,
  statementsOf,
  truncateLog,
  type Transaction,
  type TransactionOutcome,
} from './group-commit.ts'
import { CommitFence, type Ownership } from './ownership.ts'
import { rowsOf, startWriterThread, type SqliteWriter, type WriterTask } from './writer-client.ts'
import type { Row } from '../sql.ts'

interface Queued extends PromiseWithResolvers<TransactionOutcome> {
  readonly transaction: Transaction
}

export interface OwnWriterOptions {
  /** The server's ownership of the database, or undefined for a command. */
  readonly ownership: Ownership | undefined
  /** Called after a failure, when it is unknown which transactions were committed. */
  readonly onFailure: (error: Error) => void
}

/**
 * Average duration of a commit, in milliseconds, above which commits would block the process for too long. The most recent commit
 * has a weight of one tenth in the average.
 */
const slowMilliseconds = 20

/** Time for which the writer tries to truncate the write-ahead log, and the pause between two attempts. */
const truncationMilliseconds = 10_000
const truncationPauseMilliseconds = 100

/**
 * Creates a writer that runs on the calling thread as long as the disk is fast, so that requests from other processes are copied
 * only once. All requests that arrive during a commit form the next group. On a slow disk, the writer moves to a separate thread.
 * The process can then accept connections during an fsync, and requests that arrive during one fsync share the next fsync.
 */
export function createOwnWriter(path: string, options: OwnWriterOptions): SqliteWriter {
  migrate(path)
  return new OwnWriter(path, options)
}

class OwnWriter implements SqliteWriter {
  readonly #path: string
  readonly #options: OwnWriterOptions
  readonly #connection: SqliteConnection
  readonly #checkpoints: Checkpoints
  readonly #fence: CommitFence | undefined
  readonly #queue: Queued[] = []
  #isScheduled = false
  #isClosing = false
  /** Average duration of a commit in milliseconds. */
  #average = 0
  #thread: SqliteWriter | undefined
  #starting: Promise<void> | undefined

  constructor(path: string, options: OwnWriterOptions) {
    const { ownership } = options
    this.#path = path
    this.#options = options
    this.#connection = new SqliteConnection(path, { readOnly: false })
    this.#checkpoints = startCheckpoints(path, this.#connection)
    this.#fence = ownership && new CommitFence(path, ownership)
  }

  async run(task: WriterTask): Promise<Row[][]> {
    if (this.#isClosing) throw new Error('the database is closed')
    if (this.#thread !== undefined) return this.#thread.run(task)
    if (task.kind === 'truncate-log') return this.#truncateLog()
    const outcome = Promise.withResolvers<TransactionOutcome>()
    this.#queue.push({ transaction: { ...task, id: 0 }, ...outcome })
    this.#schedule()
    return rowsOf(await outcome.promise)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#starting
    while (this.#queue.length > 0) this.#flush()
    await this.#checkpoints.close()
    await this.#thread?.close()
    this.#fence?.close()
    if (this.#connection.isOpen) this.#connection.close()
  }

  /**
   * Truncates the write-ahead log. A report that another thread is writing can hold a snapshot for minutes, and the process must
   * not be blocked until the snapshot ends.
   */
  async #truncateLog(): Promise<Row[][]> {
    const giveUpAt = performance.now() + truncationMilliseconds
    for (;;) {
      const rows = this.#connection.withoutWaiting(() => rowsOf(truncateLog(this.#connection, 0)))
      const isBusy = rows[0]?.[0]?.['busy'] === 1
      if (!isBusy || performance.now() > giveUpAt) return rows
      await setTimeout(truncationPauseMilliseconds)
      if (this.#isClosing) return rows
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#isScheduled = false
    const group = this.#queue.splice(0, groupMax)
    try {
      this.#commit(group)
    } catch (error) {
      for (const { reject } of group) reject(error)
      this.#options.onFailure(error as Error)
    }
    if (this.#queue.length > 0) this.#schedule()
  }

  #commit(group: readonly Queued[]): void {
    const transactions = group.map(({ transaction }) => transaction)
    const startedAt = performance.now()
    const outcomes = commitGroup(this.#connection, transactions, this.#fence)
    this.#average += (performance.now() - startedAt - this.#average) / 10
    if (this.#average > slowMilliseconds) this.#starting ??= this.#startThread()
    this.#checkpoints.wrote(statementsOf(transactions))
    for (const [at, { resolve }] of group.entries()) {
      const outcome = outcomes[at]
      if (outcome !== undefined) resolve(outcome)
    }
  }

  async #startThread(): Promise<void> {
    const { ownership } = this.#options
    try {
      this.#thread = await startWriterThread({ path: this.#path, ownership }, (error) => {
        // A thread that did not start has written nothing.
        if (this.#thread === undefined) return
        this.#thread = undefined
        this.#options.onFailure(error)
      })
    } catch {
      this.#average = 0
      this.#starting = undefined
    }
  }
}
