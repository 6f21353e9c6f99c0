/**
 * Global setup and teardown of a test run (`--test-global-setup`). It builds the program that the test files start, and starts a
 * PostgreSQL server that they share.
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
