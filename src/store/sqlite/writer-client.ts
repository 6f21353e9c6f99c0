/** Ends of the writer of a SQLite database: a thread, or the process itself. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConflictError } from '../database.ts'
import { errorOfText } from '../disk-faults.ts'
import { startCheckpoints } from './checkpoints.ts'
import { CommitFence, type Ownership } from './ownership.ts'
import { migrate, SqliteConnection } from './connection.ts'
import {
  commitGroup,
  groupMax,
  statementsOf,
  truncateLog,
  type Transaction,
  type WriterAnswer,
  type WriterRequest,
} from './group.ts'
import type { WriterData } from './writer-thread.ts'
import type { Row, Sql } from '../sql.ts'

/** Whoever waits for an answer. */
export interface Waiting {
  readonly resolve: (rows: Row[][]) => void
  readonly reject: (error: Error) => void
}

/** What a writer can be asked for. */
export type Asked =
  | { readonly kind: 'transaction'; readonly statements: readonly Sql[] }
  | { readonly kind: 'truncate-log' }

/** Whoever writes. */
export interface SqliteWriter {
  /** Resolves to the rows of each statement, when they are durable. Throws ConflictError if the transaction did not apply. */
  ask(asked: Asked): Promise<Row[][]>
  /** Finishes what was asked. */
  close(): Promise<void>
}

/** A thread that writes to a database. */
export async function startWriterThread(
  data: WriterData,
  onFailure: ((error: Error) => void) | undefined,
): Promise<SqliteWriter> {
  const writer = new WriterThread(data, onFailure)
  await writer.ready()
  return writer
}

/** The calling thread's end of it. */
class WriterThread implements SqliteWriter {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 0
  #ended: Error | undefined
  #closing = false

  constructor(data: WriterData, onFailure: ((error: Error) => void) | undefined) {
    // Sources and the built package differ in the extension only.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const file = new URL(`./writer-thread${extension}`, import.meta.url)
    // Flags of the process are about its own program: --input-type would refuse this one.
    this.#worker = new Worker(file, { workerData: data, execArgv: [] })
    this.#worker.on('message', (answers: readonly WriterAnswer[]) =>
      answers.forEach((a) => this.#settle(a)),
    )
    this.#worker.on('error', (error: Error) => this.#end(error, onFailure))
    this.#worker.on('exit', () => this.#end(new Error('the database writer has ended'), onFailure))
  }

  /** The writer says so with an empty list of answers. */
  async ready(): Promise<void> {
    await once(this.#worker, 'message')
  }

  ask(asked: Asked): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined || this.#closing) {
        reject(new Error('the database is closed', { cause: this.#ended }))
        return
      }
      const id = this.#nextId
      this.#nextId += 1
      // Throws for what cannot be sent, and then nobody waits for it.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      this.#worker.postMessage({ ...asked, id } satisfies WriterRequest)
      this.#waiting.set(id, { resolve, reject })
    })
  }

  /** Messages keep their order, so that everything asked before is done first. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    const ended = once(this.#worker, 'exit')
    this.#closing = true
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    this.#worker.postMessage({ kind: 'close' } satisfies WriterRequest)
    await ended
  }

  #settle(answer: WriterAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (waiting !== undefined) settle(answer, waiting)
  }

  #end(error: Error, onFailure: ((error: Error) => void) | undefined): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#closing) onFailure?.(error)
  }
}

/** Tells who waits what became of it. */
export function settle(answer: WriterAnswer, { resolve, reject }: Waiting): void {
  if ('rows' in answer) resolve(answer.rows)
  else if ('conflict' in answer)
    reject(new ConflictError(answer.conflict.guard, answer.conflict.message))
  else reject(errorOfText(answer.failure))
}

interface Queued extends Waiting {
  readonly transaction: Transaction
}

export interface OwnWriterOptions {
  /** Ownership of the server; undefined for a command. */
  readonly ownership: Ownership | undefined
  /** Called if the writer fails in such a way that it is unknown what was committed. */
  readonly onFailure: (error: Error) => void
}

/** A commit that takes so long, on an average in which the last one is a tenth, holds up what else the process does. */
const slowMilliseconds = 20

/**
 * Writes on the calling thread, as long as the disk is fast: for a process that has little else to do, so that what others
 * send it is copied once. All that came in meanwhile is the next group. On a disk that is slow it hands over to a thread:
 * the process goes on taking connections, and what it is sent while an fsync lasts shares the next one.
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
      // One that ends is done without.
      thread = await startWriterThread({ path, ownership }, () => (thread = undefined))
    } catch {
      average = 0
      starting = undefined
    }
  }
  const queue: Queued[] = []
  let scheduled = false
  const commit = (group: readonly Queued[]): void => {
    const transactions = group.map(({ transaction }) => transaction)
    const startedAt = performance.now()
    const answers = commitGroup(connection, transactions, fence)
    average += (performance.now() - startedAt - average) / 10
    if (average > slowMilliseconds) starting ??= startThread()
    checkpoints.wrote(statementsOf(transactions))
    for (const [at, waiting] of group.entries()) {
      const answer = answers[at]
      if (answer !== undefined) settle(answer, waiting)
    }
  }
  const flush = (): void => {
    scheduled = false
    const group = queue.splice(0, groupMax)
    try {
      commit(group)
    } catch (error) {
      for (const { reject } of group) reject(error as Error)
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
    ask(asked) {
      if (thread !== undefined) return thread.ask(asked)
      return new Promise((resolve, reject) => {
        if (!connection.isOpen) return reject(new Error('the database is closed'))
        if (asked.kind === 'truncate-log')
          return settle(truncateLog(connection, 0), { resolve, reject })
        queue.push({ transaction: { ...asked, id: 0 }, resolve, reject })
        schedule()
      })
    },
    async close() {
      await starting
      while (queue.length > 0) flush()
      await checkpoints.close()
      await thread?.close()
      fence?.close()
      if (connection.isOpen) connection.close()
    },
  }
}
