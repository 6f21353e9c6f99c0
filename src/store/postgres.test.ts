import { test } from 'node:test'
import { openTestPostgres, sharedPostgres } from '../../test/support/postgres.ts'
import { databaseContract } from './database-contract.ts'

const postgres = sharedPostgres()

for (const { name, run } of databaseContract)
  test(`PostgreSQL: ${name}`, async (t) => {
    const server = await postgres(t)
    if (server === undefined) return
    const db = await openTestPostgres(await server.createDatabase())
    try {
      await run(db)
    } finally {
      await db.close()
    }
  })
