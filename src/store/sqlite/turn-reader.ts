/** Reads of a SQLite database, those of one turn of the event loop from one snapshot. */
import { oncePerTurn } from '../../turns/once-per-turn.ts'
import type { SqliteConnection } from './connection.ts'
import type { Row, Sql } from '../sql.ts'

/**
 * The first read opens a snapshot, and it ends with the microtasks that are due. No callback runs in between, so that neither a
 * request that came after an acknowledged commit nor the acknowledgement itself can meet a snapshot from before that commit.
 *
 * Opening a read transaction costs 7 of the 10 µs of a SELECT by primary key. A GetCertificate makes two, and a batch of them one
 * snapshot: 13 of 45 µs.
 */
export class TurnReader {
  readonly #connection: SqliteConnection
  #snapshot: object | undefined

  /**
   * Another number after every commit by another connection, as of this turn. It needs no snapshot: what is read after it is at
   * least as new.
   */
  readonly stamp: () => number

  constructor(connection: SqliteConnection) {
    this.#connection = connection
    this.stamp = oncePerTurn(() => connection.dataVersion())
  }

  query(statement: Sql): Row[] {
    this.snapshot()
    try {
      return this.#connection.run(statement)
    } catch (error) {
      // A read that fails, for example because of the disk, ends the snapshot.
      this.end()
      throw error
    }
  }

  /** The snapshot that is open: the same object as long as all reads see the same. */
  snapshot(): object {
    if (this.#snapshot !== undefined) return this.#snapshot
    this.#connection.run(begin)
    process.nextTick(() => this.end())
    this.#snapshot = {}
    return this.#snapshot
  }

  /** Later reads see later commits. */
  end(): void {
    if (this.#snapshot === undefined) return
    this.#snapshot = undefined
    // After a failure SQLite may have ended the transaction, or refuse to commit it. Whoever read has been told of it.
    try {
      if (this.#connection.isInTransaction) this.#connection.run(commit)
    } catch {
      if (this.#connection.isInTransaction) this.#connection.run(rollback)
    }
  }

  close(): void {
    this.end()
    if (this.#connection.isOpen) this.#connection.close()
  }
}

const begin: Sql = { text: 'begin', values: [] }
const commit: Sql = { text: 'commit', values: [] }
const rollback: Sql = { text: 'rollback', values: [] }
