/**
 * Checkpoints of a SQLite database, which copy the write-ahead log into the database file. By default, SQLite would run a
 * checkpoint during a commit, and the commit would take about ten times as long. Instead, a thread does most of the work of a
 * checkpoint while the writer continues to commit.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { SqliteConnection } from './connection.ts'

export interface Checkpoints {
  /** Counts statements that were committed. */
  wrote(statements: number): void
  close(): Promise<void>
}

/** Number of statements between two checkpoints. This number of statements writes about 20 MB of certificates. */
const statementsMax = 10_000
/** Number of log pages (256 MiB) at which SQLite itself runs a checkpoint. */
const pagesMax = 65_536
/** Number of remaining pages at which the thread stops. The writer itself can quickly copy the remaining pages. */
const remainingPagesMax = 1024

/** Starts checkpoints for the connection of the writer. The thread starts with the first checkpoint. */
export function startCheckpoints(path: string, connection: SqliteConnection): Checkpoints {
  connection.exec(`pragma wal_autocheckpoint = ${pagesMax}`)
  let statements = 0
  let running = false
  let thread: Worker | undefined
  const start = (): Worker => {
    // The file extension is .ts in the sources and .js in the built package.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const file = new URL(`./checkpoint-thread${extension}`, import.meta.url)
    const worker = new Worker(file, { workerData: { path }, execArgv: [] })
    worker.on('message', (left: number) => {
      running = false
      if (left <= remainingPagesMax) finish(connection)
    })
    // A failed thread is replaced at the next checkpoint. Until then, SQLite itself runs the checkpoints.
    worker.once('error', () => undefined)
    worker.once('exit', () => {
      running = false
      if (thread === worker) thread = undefined
    })
    worker.unref()
    return worker
  }
  return {
    wrote(more) {
      statements += more
      if (running || statements < statementsMax) return
      statements = 0
      try {
        thread ??= start()
      } catch {
        // If there is too little memory to start a thread, SQLite itself runs the checkpoint. The next checkpoint tries to start
        // the thread again.
        return
      }
      running = true
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      thread.postMessage('checkpoint')
    },
    async close() {
      if (thread === undefined) return
      // From now on, the process must wait for the thread to end.
      thread.ref()
      const exit = once(thread, 'exit')
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      thread.postMessage('close')
      await exit
    },
  }
}

/** Copies the remaining pages between two commits, so that SQLite can restart the write-ahead log. */
function finish(connection: SqliteConnection): void {
  if (!connection.isOpen) return
  try {
    connection.run({ text: 'pragma wal_checkpoint(passive)', values: [] })
  } catch {
    // If the disk is full, the next writes report the failure.
  }
}
