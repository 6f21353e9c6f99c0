/** Tests a single server with workers and SQLite. The server's primary and its workers are killed under load. */
import { join } from 'node:path'
import { test } from 'node:test'
import { TestFolder } from '../support/database.ts'
import { workerFaults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { readSqlite, runChaos } from './run.ts'

test('a server with workers keeps all acknowledged writes when any of its processes is killed', async (t) => {
  using folder = new TestFolder()
  const data = folder.file('data')
  const flags = ['--workers', '2', '--quota-tags', '10000']
  const fleet = await Fleet.start(data, flags, 1)
  try {
    await runChaos(t, {
      data,
      fleet,
      commandFlags: [],
      faults: (choices) => workerFaults(choices, fleet),
      // No other server responds during a fault.
      pauseMilliseconds: 2500,
      rows: readSqlite(join(data, 'signet.sqlite')),
    })
  } finally {
    fleet.killAll()
  }
})
