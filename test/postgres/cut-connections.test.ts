/** Tests of database connections that are cut after any number of bytes, during setup and during use. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatabaseUnavailableError } from '../../src/store/database.ts'
import { sql } from '../../src/store/sql.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../support/postgres.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())
/** Upper limits on the number of bytes that setup and a single query transfer in each direction. */
const bytesMax = { there: 1400, back: 2600 }
const step = 37

for (const way of ['there', 'back'] as const)
  test(`a connection cut ${way === 'there' ? 'while sending' : 'while receiving'} only makes the database unavailable`, async (t) => {
    const server = await postgres(t)
    if (server === undefined) return
    const options = await server.createDatabase()
    const proxy = await startCuttingProxy(options.port)
    t.after(() => proxy.close())
    const db = await openTestPostgres({ ...options, port: proxy.port }, 2)
    t.after(() => db.close())
    const read = sql`select count(*) as n from settings`
    const outcomes = new Set<string>()
    for (let octets = 0; octets < bytesMax[way]; octets += step) {
      proxy.cutNew({ way, octets })
      proxy.endAll()
      const write = sql`insert into settings (name, value) values (${`${octets}`}, ${Buffer.of(1)})
        on conflict (name) do nothing`
      const pending = [db.query(read), db.query(read), db.transaction([write])]
      for (const outcome of await Promise.allSettled(pending)) {
        outcomes.add(outcome.status)
        if (outcome.status === 'fulfilled') continue
        assert.ok(outcome.reason instanceof DatabaseUnavailableError, String(outcome.reason))
      }
    }
    assert.deepEqual([...outcomes].sort(), ['fulfilled', 'rejected'])
    proxy.cutNew(undefined)
    proxy.endAll()
    await db.query(read)
    await db.transaction([sql`delete from settings`])
  })
