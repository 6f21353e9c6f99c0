/** Which database the services and stores of a test file are on: SQLite, unless the file is run on PostgreSQL. */
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'

/** Where databases come from. */
interface DatabaseMaker {
  createMigrated(): Promise<PostgresConnectionOptions>
  /** A copy of a database that nobody is connected to. */
  copyOf(database: string): Promise<PostgresConnectionOptions>
}

let maker: DatabaseMaker | undefined

const urls = new Map<string, string>()

/** From now on each service, or store, that a test starts has a PostgreSQL database of its own. */
export function useDatabases(of: DatabaseMaker): void {
  maker = of
}

/** A new database; undefined for SQLite. */
export async function chosenDatabase(): Promise<PostgresConnectionOptions | undefined> {
  return maker?.createMigrated()
}

/** A copy of a PostgreSQL database of a service that has been stopped. */
export async function copyOfDatabase(database: string): Promise<PostgresConnectionOptions> {
  if (maker === undefined) throw new Error('the services of this file are on SQLite')
  return maker.copyOf(database)
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
