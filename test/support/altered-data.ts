/** Copies of a service's data that are altered with the database's own tools. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Row } from '../../src/store/sql.ts'
import { copyOfDatabase, databaseUrl, noteDatabase } from './chosen-database.ts'
import { runInPostgres } from './postgres.ts'
import type { TestService } from './service.ts'

/** Runs SQL statements with `?` placeholders in a copy, without foreign key checks. */
export type RunInCopy = (
  text: string,
  ...values: (string | number | Uint8Array)[]
) => Promise<Row[]>

/** Alters a copy of a service's data, and passes the folder with the copy to `work`. */
export async function withAlteredData<T>(
  { config }: TestService,
  alter: (run: RunInCopy) => Promise<unknown>,
  work: (data: string) => Promise<T>,
): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'signet-altered-'))
  try {
    await cp(config.dataDirectory, data, {
      recursive: true,
      filter: (path) => !/lock|-shm$/.test(path.slice(config.dataDirectory.length)),
    })
    if (config.database === undefined) {
      const db = new DatabaseSync(join(data, 'signet.sqlite'), {
        enableForeignKeyConstraints: false,
      })
      await alter((text, ...values) => Promise.resolve(db.prepare(text).all(...values) as Row[]))
      db.close()
    } else {
      const copy = await copyOfDatabase(config.database.database)
      noteDatabase(data, databaseUrl(copy))
      const setting = `alter database ${copy.database} set session_replication_role = replica`
      await runInPostgres(copy, setting, [])
      await alter((text, ...values) => runInPostgres(copy, text, values))
    }
    return await work(data)
  } finally {
    await rm(data, { recursive: true })
  }
}
