/** Runs a test file a second time, with its services on PostgreSQL. */
import { after, test } from 'node:test'
import { TestPostgres } from './postgres.ts'
import { useDatabases } from './chosen-database.ts'

/**
 * Each service, or store, that the file starts gets a new database of the server of the run. Where there is no PostgreSQL that
 * is said loudly, and fails under CI.
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
  // After what the file itself does at its end.
  after(() => server.close())
}
