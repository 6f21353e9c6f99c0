/** A new database in a temporary folder that is removed at the end of the test. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../src/store/database.ts'
import type { DatabaseLocation } from '../../src/store/engines/index.ts'
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'
import { chosenDatabase } from './chosen-database.ts'
import { openTestPostgres } from './postgres.ts'
import {
  openSqlite,
  type SqliteDatabase,
  type SqliteOptions,
} from '../../src/store/sqlite/database.ts'

/** A temporary folder that is removed at the end of its scope. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'signet-test-'))

  file(name: string): string {
    return join(this.path, name)
  }

  /**
   * All bytes of all files. Another process reads them: a descriptor that is closed here would take the locks of the
   * databases that are open here with it.
   */
  bytes(): Buffer {
    const files = readdirSync(this.path).map((name) => this.file(name))
    return execFileSync('cat', files, { maxBuffer: 2 ** 28 })
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export class TestDatabase implements AsyncDisposable {
  readonly folder: TestFolder
  readonly db: SqliteDatabase

  readonly #place: PostgresConnectionOptions | undefined

  private constructor(folder: TestFolder, db: SqliteDatabase, place?: PostgresConnectionOptions) {
    this.folder = folder
    this.db = db
    this.#place = place
  }

  /** On PostgreSQL, if that is chosen: then only what the port has may be used. */
  static async open(options: SqliteOptions = {}): Promise<TestDatabase> {
    const folder = new TestFolder()
    const place = await chosenDatabase()
    if (place !== undefined)
      return new TestDatabase(folder, (await openTestPostgres(place)) as SqliteDatabase, place)
    return new TestDatabase(folder, await openSqlite(folder.file('signet.sqlite'), options))
  }

  /** The same database, as another process has it. Whoever opens it closes it. */
  async openAgain(): Promise<Database> {
    return this.#place === undefined ? openSqlite(this.path) : openTestPostgres(this.#place)
  }

  get location(): DatabaseLocation {
    if (this.#place === undefined) return { engine: 'sqlite', at: this.path }
    const damagePath = this.folder.file('postgresql')
    return { engine: 'postgres', at: { connection: this.#place, pool: 4, damagePath } }
  }

  get path(): string {
    return this.folder.file('signet.sqlite')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db.close()
    this.folder[Symbol.dispose]()
  }
}
