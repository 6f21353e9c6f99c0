/** Runs a test file again with its services on PostgreSQL. */
import { after, test } from 'node:test'
import { TestPostgres } from './postgres.ts'
import { useDatabases } from './chosen-database.ts'

/**
 * Imports a test file whose services and stores each use a new PostgreSQL database. If PostgreSQL is not installed, prints a line
 * and skips the file, or throws in CI.
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
  // This hook is registered last, so that it runs after the imported file's hooks.
  after(() => server.close())
}
