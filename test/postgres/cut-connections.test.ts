/** Connections that end after any number of octets, while they are made and while they are used. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatabaseUnavailableError } from '../../src/store/database.ts'
import { sql } from '../../src/store/sql.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../support/postgres.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())
/** A connection that is set up and asked one question says less either way. */
const octetsMax = { there: 1400, back: 2600 }
const step = 37

for (const way of ['there', 'back'] as const)
  test(`a connection that is cut ${way} is a database that is away, and nothing worse`, async (t) => {
    const server = await postgres(t)
    if (server === undefined) return
    const place = await server.createDatabase()
    const proxy = await startCuttingProxy(place.port)
    t.after(() => proxy.close())
    const db = await openTestPostgres({ ...place, port: proxy.port }, 2)
    t.after(() => db.close())
    const read = sql`select count(*) as n from settings`
    const outcomes = new Set<string>()
    for (let octets = 0; octets < octetsMax[way]; octets += step) {
      proxy.cutNew({ way, octets })
      proxy.endAll()
      const write = sql`insert into settings (name, value) values (${`${octets}`}, ${Buffer.of(1)})
        on conflict (name) do nothing`
      const all = [db.query(read), db.query(read), db.transaction([write])]
      for (const outcome of await Promise.allSettled(all)) {
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
