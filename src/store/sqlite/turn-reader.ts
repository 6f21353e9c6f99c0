/** Reads from a SQLite database. All reads in the same turn of the event loop use the same snapshot. */
import { oncePerTurn } from '../../turns/once-per-turn.ts'
import type { SqliteConnection } from './connection.ts'
import type { Row, Sql } from '../sql.ts'

/**
 * The first read in a turn of the event loop opens a snapshot, which ends after the pending microtasks. No callback runs before
 * the snapshot ends, so a request that follows an acknowledged commit never uses a snapshot that is older than the commit.
 *
 * Opening a read transaction takes 7 µs of the 10 µs that a SELECT by primary key takes. A GetCertificate request makes two reads
 * by primary key. If the requests in a batch share a snapshot, each takes 32 µs instead of 45 µs.
 */
export class TurnReader {
  readonly #connection: SqliteConnection
  #snapshot: object | undefined

  /**
   * Returns a number that changes with every commit by another connection. The number stays the same within a turn of the event
   * loop. Reading the number needs no snapshot, because later reads are at least as recent.
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
      // A failed read, for example because of the disk, ends the snapshot.
      this.end()
      throw error
    }
  }

  /** Returns the open snapshot. The returned object is the same as long as all reads use the same snapshot. */
  snapshot(): object {
    if (this.#snapshot !== undefined) return this.#snapshot
    this.#connection.run(begin)
    process.nextTick(() => this.end())
    this.#snapshot = {}
    return this.#snapshot
  }

  /** Ends the snapshot, so that later reads see later commits. */
  end(): void {
    if (this.#snapshot === undefined) return
    this.#snapshot = undefined
    // After a failure, SQLite may have ended the transaction or may refuse to commit it. The failed read has already reported the
    // error.
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
