/** The database engine of the services and stores of a test file: SQLite by default, or PostgreSQL. */
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'

/** Creates databases for tests. */
interface DatabaseMaker {
  createMigrated(): Promise<PostgresConnectionOptions>
  /** Copies a database that has no connections. */
  copyOf(database: string): Promise<PostgresConnectionOptions>
}

let maker: DatabaseMaker | undefined

const urls = new Map<string, string>()

/** Gives each service or store that a test starts afterwards its own PostgreSQL database. */
export function useDatabases(of: DatabaseMaker): void {
  maker = of
}

/** Creates a PostgreSQL database; returns undefined for SQLite. */
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

/** Returns the options that a command needs in addition to `--data` to find the database of a service. */
export function noteDatabase(dataDirectory: string, url: string): void {
  urls.set(dataDirectory, url)
}

export function notedDatabase(args: readonly string[]): Record<string, string> {
  const folder = args[args.indexOf('--data') + 1] ?? ''
  const url = urls.get(folder)
  return url === undefined ? {} : { SIGNET_DATABASE: url }
}
