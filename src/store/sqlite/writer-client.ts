/** The calling thread's interface to the writer thread of a SQLite database. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { PendingReplies } from '../../channel/pending-replies.ts'
import { ConflictError } from '../database.ts'
import { errorOfText } from '../disk-faults.ts'
import type { TransactionOutcome, WriterReply, WriterRequest } from './group-commit.ts'
import type { WriterData } from './writer-thread.ts'
import type { Row, Sql } from '../sql.ts'

export type WriterTask =
  | { readonly kind: 'transaction'; readonly statements: readonly Sql[] }
  | { readonly kind: 'truncate-log' }

/** The only writer of a database: a thread, the process itself, or the primary process of a worker. */
export interface SqliteWriter {
  /**
   * Runs the statements in one transaction. Resolves to the rows of each statement after the commit is durable. Throws
   * ConflictError if the transaction was rolled back.
   */
  run(task: WriterTask): Promise<Row[][]>
  /** Finishes all earlier tasks and closes the database. */
  close(): Promise<void>
}

/** Starts a thread that writes to a database. */
export async function startWriterThread(
  data: WriterData,
  onFailure: ((error: Error) => void) | undefined,
): Promise<SqliteWriter> {
  const writer = new WriterThread(data, onFailure)
  await writer.ready()
  return writer
}

class WriterThread implements SqliteWriter {
  readonly #worker: Worker
  readonly #replies = new PendingReplies<TransactionOutcome>()
  #ended: Error | undefined
  #closing = false
  #running = 0

  constructor(data: WriterData, onFailure: ((error: Error) => void) | undefined) {
    // The file extension is .ts in the sources and .js in the built package.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const file = new URL(`./writer-thread${extension}`, import.meta.url)
    // The flags of the process apply to its main program and are not passed on. A worker thread cannot start with the flag
    // --input-type.
    this.#worker = new Worker(file, { workerData: data, execArgv: [] })
    this.#worker.on('message', (answers: readonly WriterReply[]) => {
      for (const answer of answers) this.#replies.settle(answer.id, answer)
    })
    this.#worker.on('error', (error: Error) => this.#end(error, onFailure))
    this.#worker.on('exit', () => this.#end(new Error('the database writer has ended'), onFailure))
  }

  /** Waits until the thread is ready. A ready thread sends an empty list of replies. */
  async ready(): Promise<void> {
    await once(this.#worker, 'message')
    this.#worker.unref()
  }

  async run(task: WriterTask): Promise<Row[][]> {
    if (this.#ended !== undefined || this.#closing)
      throw new Error('the database is closed', { cause: this.#ended })
    // A pending write keeps the process alive; an idle writer does not.
    this.#running += 1
    if (this.#running === 1) this.#worker.ref()
    try {
      return rowsOf(await this.#replies.request((id) => this.#post({ ...task, id })))
    } finally {
      this.#running -= 1
      if (this.#running === 0 && !this.#closing) this.#worker.unref()
    }
  }

  /** The thread processes messages in order, so it finishes earlier tasks first. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    const exit = once(this.#worker, 'exit')
    this.#closing = true
    this.#worker.ref()
    this.#post({ kind: 'close' })
    await exit
  }

  #post(request: WriterRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    this.#worker.postMessage(request)
  }

  #end(error: Error, onFailure: ((error: Error) => void) | undefined): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#replies.end(error)
    if (!this.#closing) onFailure?.(error)
  }
}

/**
 * Returns the rows of a committed transaction. Throws ConflictError if the transaction failed because of a conflict, and the
 * original error for any other failure.
 */
export function rowsOf(outcome: TransactionOutcome): Row[][] {
  if ('rows' in outcome) return outcome.rows
  if ('conflict' in outcome)
    throw new ConflictError(outcome.conflict.guard, outcome.conflict.message)
  throw errorOfText(outcome.failure)
}
