/**
 * Tests three servers that share a PostgreSQL database. Servers, the database and connections are stopped or interrupted under
 * load.
 */
import { test } from 'node:test'
import { Client } from 'pg'
import { TestFolder } from '../support/database.ts'
import { databaseUrl } from '../support/chosen-database.ts'
import { sharedPostgres } from '../support/postgres.ts'
import type { Row } from './checker.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { nodeFaults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { runChaos } from './run.ts'

const sharedServer = sharedPostgres()

test('three nodes keep all acknowledged writes when nodes, their database and connections fail', async (t) => {
  const postgres = await sharedServer(t)
  if (postgres === undefined) return
  using folder = new TestFolder()
  const direct = await postgres.createDatabase()
  const proxy = await startCuttingProxy(direct.port)
  t.after(() => proxy.close())
  const data = folder.file('data')
  const database = ['--database', databaseUrl({ ...direct, port: proxy.port })]
  const flags = [...database, '--quota-tags', '10000']
  const fleet = await Fleet.start(data, flags, 3)
  try {
    await runChaos(t, {
      data,
      fleet,
      commandFlags: ['--database', databaseUrl(direct)],
      faults: (choices) =>
        nodeFaults(choices, { fleet, postgres, proxy, database: direct.database }),
      pauseMilliseconds: 1000,
      rows: (text) => readRows(direct, text),
    })
  } finally {
    fleet.killAll()
  }
})

async function readRows(
  { host, port, user, database }: { host: string; port: number; user: string; database: string },
  text: string,
): Promise<Row[]> {
  const client = new Client({ host, port, user, database, options: '-c search_path=signet' })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
