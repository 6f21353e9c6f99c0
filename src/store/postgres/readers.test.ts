/** Tests that each of several reads sent together sees earlier acknowledged writes and receives its own result. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../../../test/support/postgres.ts'
import { sql, type Sql } from '../sql.ts'
import type { PostgresDatabase } from './database.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

const put = (name: string): Sql =>
  sql`insert into settings (name, value) values (${name}, ${Buffer.from(name)})`
const countWrites = sql`select count(*) as seen from settings where name like 'write %'`

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('read', 'read', 'read', 'write', 'microtask', 'turn'),
    on: fc.nat(1),
  }),
  { maxLength: 12 },
)

test('for any order of reads, writes and turns, a read sees every write that any node acknowledged before it', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const place = await server.createMigrated()
  // There are fewer connections than clients, so that reads must wait for a connection.
  const nodes = [await openTestPostgres(place, 1), await openTestPostgres(place, 2)]
  let written = 0
  let acknowledged = 0
  async function client(own: readonly { kind: string; on: number }[]): Promise<void> {
    for (const { kind, on } of own) {
      const db = nodes[on] as PostgresDatabase
      if (kind === 'microtask') await Promise.resolve()
      else if (kind === 'turn') await nextTurn()
      else if (kind === 'write') {
        written += 1
        await db.transaction([put(`write ${written}`)])
        acknowledged += 1
      } else {
        const atLeast = acknowledged
        const [row] = await db.query(countWrites)
        assert.ok(Number(row?.['seen']) >= atLeast, `${String(row?.['seen'])} of ${atLeast}`)
      }
    }
  }
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 8 }), async (clients) => {
        await Promise.all(clients.map(client))
      }),
      { seed: 17, numRuns: 60 },
    )
  } finally {
    for (const db of nodes) await db.close()
  }
  assert.ok(acknowledged > 100)
})

test('each of several reads sent together receives its own result, and a failing read fails alone', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const db = await openTestPostgres(await server.createMigrated(), 2)
  /** PostgreSQL rejects a division by zero. */
  const ask = (dividend: number | string, divisor: number): Promise<unknown> =>
    db
      .query(
        typeof dividend === 'number'
          ? sql`select ${dividend}::bigint / ${divisor}::bigint as quotient`
          : sql`select repeat(${dividend}, ${divisor}::integer) as quotient`,
      )
      .then(
        ([row]) => row?.['quotient'],
        () => 'refused',
      )
  const expected = (dividend: number | string, divisor: number): unknown => {
    if (typeof dividend === 'string') return dividend.repeat(divisor)
    return divisor === 0 ? 'refused' : Math.trunc(dividend / divisor)
  }
  const read = fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('1', 'x', '","')),
    fc.integer({ min: 0, max: 3 }),
  )
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(read, { maxLength: 40 }), async (reads) => {
        const answers = await Promise.all(reads.map((one) => ask(...one)))
        assert.deepEqual(
          answers,
          reads.map((one) => expected(...one)),
        )
      }),
      { seed: 17, numRuns: 60 },
    )
  } finally {
    await db.close()
  }
})

test('reads of one turn with equal values run once on the server, and reads of the next turn run again', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const db = await openTestPostgres(await server.createMigrated(), 1)
  const read = async (key: number): Promise<unknown> =>
    (await db.query(sql`select clock_timestamp()::text as at, ${key}::integer as key`))[0]?.['at']
  try {
    const [first, second, other] = await Promise.all([read(1), read(1), read(2)])
    assert.equal(first, second)
    assert.notEqual(first, other)
    const before = read(1)
    await nextTurn()
    assert.notEqual(await read(1), await before)
  } finally {
    await db.close()
  }
})
