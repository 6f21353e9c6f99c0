/** Temporary folders and databases that are removed at the end of a test. */
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
   * Returns the bytes of all files. Another process reads the files. If this process closed a file descriptor, the POSIX locks of
   * its open databases would be released.
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

  readonly #postgres: PostgresConnectionOptions | undefined

  private constructor(
    folder: TestFolder,
    db: SqliteDatabase,
    postgres?: PostgresConnectionOptions,
  ) {
    this.folder = folder
    this.db = db
    this.#postgres = postgres
  }

  /** Opens a new database. On PostgreSQL, tests may use only the methods of the Database interface. */
  static async open(
    options: SqliteOptions = {},
    folder: TestFolder = new TestFolder(),
  ): Promise<TestDatabase> {
    const postgres = await chosenDatabase()
    if (postgres !== undefined)
      return new TestDatabase(
        folder,
        (await openTestPostgres(postgres)) as SqliteDatabase,
        postgres,
      )
    return new TestDatabase(folder, await openSqlite(folder.file('signet.sqlite'), options))
  }

  /** Opens the same database again, as another process would. The caller must close the database. */
  async openAgain(): Promise<Database> {
    return this.#postgres === undefined ? openSqlite(this.path) : openTestPostgres(this.#postgres)
  }

  get location(): DatabaseLocation {
    if (this.#postgres === undefined) return { engine: 'sqlite', at: this.path }
    const damagePath = this.folder.file('postgresql')
    return { engine: 'postgres', at: { connection: this.#postgres, pool: 4, damagePath } }
  }

  get path(): string {
    return this.folder.file('signet.sqlite')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db.close()
    this.folder[Symbol.dispose]()
  }
}
