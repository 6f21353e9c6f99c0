/** The Database port over SQLite: one writer in a worker thread, reads on a connection of the calling thread. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConflictError, type Database } from './database.ts'
import { migrate, SqliteConnection } from './sqlite-connection.ts'
import type { WriterAnswer, WriterRequest } from './sqlite-writer.ts'
import type { Row, Sql, SqlValue } from './sql.ts'

export type SqliteDatabase = Database & Required<Pick<Database, 'truncateLog'>>

export interface SqliteOptions {
  /** The writer has ended: nothing can be written any more. */
  readonly onFailure?: (error: Error) => void
}

/**
 * Opens the database in that file, makes it if there is none (mode 0600), and brings it to the newest schema. Throws
 * ConfigurationError for a file that is none of ours, or that a newer version wrote.
 */
export async function openSqlite(
  path: string,
  options: SqliteOptions = {},
): Promise<SqliteDatabase> {
  migrate(path)
  const writer = new Writer(path, options)
  await writer.ready()
  const reader = new SqliteConnection(path, { readOnly: true })
  return {
    // oxlint-disable-next-line typescript/require-await -- reads are synchronous; the port is not
    async query(statement) {
      return reader.run(statement)
    },
    transaction: (statements) =>
      writer.ask({ kind: 'transaction', statements: statements.map(compact) }),
    changeStamp: () => reader.dataVersion(),
    async truncateLog() {
      await writer.ask({ kind: 'truncate-log' })
    },
    async close() {
      if (reader.isOpen) reader.close()
      // Last, so that the last connection to close empties the log into the database.
      await writer.close()
    },
  }
}

interface Waiting {
  readonly resolve: (rows: Row[][]) => void
  readonly reject: (error: Error) => void
}

type Asked =
  | { readonly kind: 'transaction'; readonly statements: readonly Sql[] }
  | { readonly kind: 'truncate-log' }

/** The calling thread's end of the writer. */
class Writer {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 0
  #ended: Error | undefined
  #closing = false

  constructor(path: string, { onFailure }: SqliteOptions) {
    // Sources and the built package differ in the extension only.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const file = new URL(`./sqlite-writer${extension}`, import.meta.url)
    this.#worker = new Worker(file, { workerData: { path } })
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
    if ('rows' in answer) waiting?.resolve(answer.rows)
    else if ('conflict' in answer)
      waiting?.reject(new ConflictError(answer.conflict.statement, answer.conflict.message))
    else waiting?.reject(new Error(answer.failure))
  }

  #end(error: Error, onFailure: ((error: Error) => void) | undefined): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#closing) onFailure?.(error)
  }
}

/** A message carries the whole buffer behind a view, which may be far larger than the view. */
function compact(statement: Sql): Sql {
  return statement.values.some(isPartOfBuffer)
    ? {
        ...statement,
        values: statement.values.map((value) =>
          isPartOfBuffer(value) ? Uint8Array.from(value) : value,
        ),
      }
    : statement
}

function isPartOfBuffer(value: SqlValue): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
}
