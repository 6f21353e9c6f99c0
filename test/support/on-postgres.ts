/** Runs a test file again with its services on PostgreSQL. */
import { after, test } from 'node:test'
import { TestPostgres } from './postgres.ts'
import { useDatabases } from './chosen-database.ts'

/**
 * Imports a test file after arranging that each of its services and stores gets a new PostgreSQL database. If PostgreSQL is
 * not installed, the function prints a line and skips the file or, under CI, throws.
 */
export async function onPostgres(importFile: () => Promise<unknown>): Promise<void> {
  const server = await TestPostgres.ofRun()
  if (server === undefined) {
    const message = 'NOT TESTED: PostgreSQL is not installed here'
    if (process.env['CI'] !== undefined) throw new Error(message)
    console.error(message)
    test('PostgreSQL', { skip: message })
    return
  }
  useDatabases(server)
  await importFile()
  // Registered last, so that the hook runs after the hooks of the imported file.
  after(() => server.close())
}
