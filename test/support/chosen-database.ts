/** Which database the services and stores of a test file are on: SQLite, unless the file is run on PostgreSQL. */
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'

let make: (() => Promise<PostgresConnectionOptions>) | undefined

const urls = new Map<string, string>()

/** From now on each service, or store, that a test starts has a PostgreSQL database of its own. */
export function useDatabases(makeDatabase: () => Promise<PostgresConnectionOptions>): void {
  make = makeDatabase
}

/** A new database; undefined for SQLite. */
export async function chosenDatabase(): Promise<PostgresConnectionOptions | undefined> {
  return make?.()
}

/** The URL of a database, as a flag takes it. */
export function databaseUrl({ host, port, user, database }: PostgresConnectionOptions): string {
  return `postgres://${user}@${host}:${port}/${database}?sslmode=disable`
}

/** What a command needs beside `--data` to find the database of a service. */
export function noteDatabase(dataDirectory: string, url: string): void {
  urls.set(dataDirectory, url)
}

export function notedDatabase(args: readonly string[]): Record<string, string> {
  const folder = args[args.indexOf('--data') + 1] ?? ''
  const url = urls.get(folder)
  return url === undefined ? {} : { SIGNET_DATABASE: url }
}
