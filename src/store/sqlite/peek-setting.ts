/** Reads a setting of a SQLite database without changing any file. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../../errors.ts'

/** Returns the value of a row of `settings`. Undefined if the file, the table or the row does not exist. */
export function peekSetting(path: string, name: string): Uint8Array | undefined {
  if (!existsSync(path)) return undefined
  const url = pathToFileURL(path)
  // Without a server, an ordinary reader would create the files of the write-ahead log.
  if (!existsSync(`${path}-shm`)) url.searchParams.set('immutable', '1')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(url, { readOnly: true })
    const hasTable = database.prepare("select 1 from sqlite_schema where name = 'settings'").get()
    if (hasTable === undefined) return undefined
    const row = database.prepare('select value from settings where name = ?').get(name)
    return row?.['value'] instanceof Uint8Array ? row['value'] : undefined
  } catch (cause) {
    throw new ConfigurationError(
      `the database ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    )
  } finally {
    database?.close()
  }
}
