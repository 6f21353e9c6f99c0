/** Before and after a whole run of the tests (`--test-global-setup`): a PostgreSQL server that the files share. */
import { TestPostgres } from './postgres.ts'

let server: TestPostgres | undefined

export async function globalSetup(): Promise<void> {
  server = await TestPostgres.start(['max_connections=600'])
  await server?.shareWithRun()
}

export async function globalTeardown(): Promise<void> {
  await server?.close()
}
