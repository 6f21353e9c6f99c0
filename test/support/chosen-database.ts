/** The database engine for a test file's services and stores: SQLite by default, or PostgreSQL. */
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'

/** Creates databases for tests. */
interface DatabaseMaker {
  createMigrated(): Promise<PostgresConnectionOptions>
  /** Copies a database that has no open connections. */
  copyOf(database: string): Promise<PostgresConnectionOptions>
}

let maker: DatabaseMaker | undefined

const urls = new Map<string, string>()

/** After this call, each service or store that a test starts has its own PostgreSQL database. */
export function useDatabases(databases: DatabaseMaker): void {
  maker = databases
}

/** Creates a PostgreSQL database, or returns undefined for SQLite. */
export async function chosenDatabase(): Promise<PostgresConnectionOptions | undefined> {
  return maker?.createMigrated()
}

/** Copies the PostgreSQL database of a stopped service. */
export async function copyOfDatabase(database: string): Promise<PostgresConnectionOptions> {
  if (maker === undefined) throw new Error('the services of this test file use SQLite')
  return maker.copyOf(database)
}

/** Returns a database URL in the form that `--database` accepts. */
export function databaseUrl({ host, port, user, database }: PostgresConnectionOptions): string {
  return `postgres://${user}@${host}:${port}/${database}?sslmode=disable`
}

/** Records the database URL for the service that uses a data folder. */
export function noteDatabase(dataDirectory: string, url: string): void {
  urls.set(dataDirectory, url)
}

/** Returns the environment variables that specify a service's database for commands with `--data`. */
export function notedDatabase(args: readonly string[]): Record<string, string> {
  const folder = args[args.indexOf('--data') + 1] ?? ''
  const url = urls.get(folder)
  return url === undefined ? {} : { SIGNET_DATABASE: url }
}
