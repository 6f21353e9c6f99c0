/**
 * When the log of a SQLite database is written back into its file. SQLite would do so in the middle of a commit, which then
 * takes some ten times as long; here a thread does most of it beside the commits.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { SqliteConnection } from './connection.ts'

export interface Checkpoints {
  /** Counts statements that were committed. */
  wrote(statements: number): void
  close(): Promise<void>
}

/** Some 20 MB of certificates. */
const statementsMax = 10_000
/** Pages after which SQLite does it by itself, if nobody else has: 256 MiB. */
const pagesMax = 65_536
/** Left after the thread's last pass, and soon written. */
const leftMax = 1024

/** For the one connection that writes to the database in that file. The thread is started when it is needed first. */
export function startCheckpoints(path: string, connection: SqliteConnection): Checkpoints {
  connection.exec(`pragma wal_autocheckpoint = ${pagesMax}`)
  let statements = 0
  let running = false
  let thread: Worker | undefined
  const start = (): Worker => {
    // Sources and the built package differ in the extension only.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const file = new URL(`./checkpoint-thread${extension}`, import.meta.url)
    const worker = new Worker(file, { workerData: { path }, execArgv: [] })
    worker.on('message', (left: number) => {
      running = false
      if (left <= leftMax) finish(connection)
    })
    // One that fails is made anew with the next log; until then SQLite has its own limit.
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
        // Without memory for a thread, SQLite checkpoints by itself. The next log is another attempt.
        return
      }
      running = true
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      thread.postMessage('checkpoint')
    },
    async close() {
      if (thread === undefined) return
      // Somebody waits for it now.
      thread.ref()
      const exit = once(thread, 'exit')
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      thread.postMessage('close')
      await exit
    },
  }
}

/** Between two commits nothing is added: what is left is written, and the log begins anew. */
function finish(connection: SqliteConnection): void {
  if (!connection.isOpen) return
  try {
    connection.run({ text: 'pragma wal_checkpoint(passive)', values: [] })
  } catch {
    // A disk that is full is told of by the writes themselves.
  }
}
