/**
 * Global setup and teardown of a test run (`--test-global-setup`). The setup builds the program that the test files start. The
 * setup also starts a PostgreSQL server that the test files share.
 */
import { buildProgramForRun } from './built-program.ts'
import { TestPostgres } from './postgres.ts'

let server: TestPostgres | undefined

export async function globalSetup(): Promise<void> {
  await buildProgramForRun()
  server = await TestPostgres.start(['max_connections=600'])
  await server?.shareWithRun()
}

export async function globalTeardown(): Promise<void> {
  await server?.close()
}
