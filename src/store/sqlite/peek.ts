/** Reads rows of a SQLite database without changing or creating any file. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../../errors.ts'
import type { Row, Sql } from '../sql.ts'

/** Returns the rows of a read, or undefined if the file, a table or a column does not exist. */
export function peek(path: string, { text, values }: Sql): Row[] | undefined {
  if (!existsSync(path)) return undefined
  const url = pathToFileURL(path)
  // If no server is running, an ordinary reader would create the files of the write-ahead log.
  if (!existsSync(`${path}-shm`)) url.searchParams.set('immutable', '1')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(url, { readOnly: true })
    return database.prepare(text).all(...values) as Row[]
  } catch (cause) {
    if (/^no such (table|column):/.test((cause as Error).message)) return undefined
    throw new ConfigurationError(
      `the database ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    )
  } finally {
    database?.close()
  }
}
