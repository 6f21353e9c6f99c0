/** One server with workers on SQLite, each of which is killed under load. */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestFolder } from '../support/database.ts'
import type { Row } from './checker.ts'
import { faultsOfWorkers } from './faults.ts'
import { Fleet } from './fleet.ts'
import { runChaos } from './run.ts'

test('a server with workers loses nothing that was answered, whichever of its processes is killed', async (t) => {
  using folder = new TestFolder()
  const data = folder.file('data')
  const flags = ['--workers', '2', '--quota-tags', '10000']
  const fleet = await Fleet.start(data, flags, 1)
  try {
    await runChaos(t, {
      data,
      fleet,
      commandFlags: [],
      faults: (choices) => faultsOfWorkers(choices, fleet),
      // oxlint-disable-next-line typescript/require-await -- the other database is asynchronous
      rows: async (text) => readRows(join(data, 'signet.sqlite'), text),
    })
  } finally {
    fleet.killAll()
  }
})

function readRows(path: string, text: string): Row[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    return db.prepare(text).all()
  } finally {
    db.close()
  }
}
