/** The writer of a SQLite database on the calling thread. */
import { startCheckpoints } from './checkpoints.ts'
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
import { rowsOf, startWriterThread, type SqliteWriter } from './writer-client.ts'

interface Queued extends PromiseWithResolvers<TransactionOutcome> {
  readonly transaction: Transaction
}

export interface OwnWriterOptions {
  /** The server's ownership; undefined for a command. */
  readonly ownership: Ownership | undefined
  /** Called after a failure if it is unknown which transactions were committed. */
  readonly onFailure: (error: Error) => void
}

/**
 * Average duration of a commit above which commits would block the process for too long. The last commit has a weight of one
 * tenth.
 */
const slowMilliseconds = 20

/**
 * Creates a writer that runs on the calling thread while the disk is fast, so that requests from other processes are copied
 * only once. All requests that arrive during a commit form the next group. On a slow disk, the writer moves to a thread, so
 * that the process can accept connections during an fsync, and requests that arrive during an fsync share the next one.
 */
export function createOwnWriter(
  path: string,
  { ownership, onFailure }: OwnWriterOptions,
): SqliteWriter {
  migrate(path)
  const connection = new SqliteConnection(path, { readOnly: false })
  const checkpoints = startCheckpoints(path, connection)
  const fence = ownership && new CommitFence(path, ownership)
  let average = 0
  let thread: SqliteWriter | undefined
  let starting: Promise<void> | undefined
  const startThread = async (): Promise<void> => {
    try {
      // If the thread ends, the writer runs on the calling thread again.
      thread = await startWriterThread({ path, ownership }, () => (thread = undefined))
    } catch {
      average = 0
      starting = undefined
    }
  }
  const queue: Queued[] = []
  let scheduled = false
  let closing = false
  const commit = (group: readonly Queued[]): void => {
    const transactions = group.map(({ transaction }) => transaction)
    const startedAt = performance.now()
    const answers = commitGroup(connection, transactions, fence)
    average += (performance.now() - startedAt - average) / 10
    if (average > slowMilliseconds) starting ??= startThread()
    checkpoints.wrote(statementsOf(transactions))
    for (const [at, { resolve }] of group.entries()) {
      const answer = answers[at]
      if (answer !== undefined) resolve(answer)
    }
  }
  const flush = (): void => {
    scheduled = false
    const group = queue.splice(0, groupMax)
    try {
      commit(group)
    } catch (error) {
      for (const { reject } of group) reject(error)
      onFailure(error as Error)
    }
    if (queue.length > 0) schedule()
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }
  return {
    async run(task) {
      if (closing) throw new Error('the database is closed')
      if (thread !== undefined) return thread.run(task)
      if (task.kind === 'truncate-log') return rowsOf(truncateLog(connection, 0))
      const outcome = Promise.withResolvers<TransactionOutcome>()
      queue.push({ transaction: { ...task, id: 0 }, ...outcome })
      schedule()
      return rowsOf(await outcome.promise)
    },
    async close() {
      closing = true
      await starting
      while (queue.length > 0) flush()
      await checkpoints.close()
      await thread?.close()
      fence?.close()
      if (connection.isOpen) connection.close()
    },
  }
}
