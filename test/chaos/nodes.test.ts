/** Three servers on one PostgreSQL, all of which are killed, stopped and cut off under load. */
import { test } from 'node:test'
import { Client } from 'pg'
import { TestFolder } from '../support/database.ts'
import { databaseUrl } from '../support/chosen-database.ts'
import { sharedPostgres } from '../support/postgres.ts'
import type { Row } from './checker.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { faultsOfNodes } from './faults.ts'
import { Fleet } from './fleet.ts'
import { runChaos } from './run.ts'

const sharedServer = sharedPostgres()

test('three nodes lose nothing that was answered, whatever happens to them and their database', async (t) => {
  const postgres = await sharedServer(t)
  if (postgres === undefined) return
  using folder = new TestFolder()
  const place = await postgres.createDatabase()
  const proxy = await startCuttingProxy(place.port)
  t.after(() => proxy.close())
  const data = folder.file('data')
  const database = ['--database', databaseUrl({ ...place, port: proxy.port })]
  const flags = [...database, '--quota-tags', '10000']
  const fleet = await Fleet.start(data, flags, 3)
  try {
    await runChaos(t, {
      data,
      fleet,
      commandFlags: ['--database', databaseUrl(place)],
      faults: (choices) =>
        faultsOfNodes(choices, { fleet, postgres, proxy, database: place.database }),
      pauseMilliseconds: 1000,
      rows: (text) => readRows(place, text),
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
