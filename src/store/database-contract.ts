/** What every engine behind the Database port must do, as cases for its test file to run. */
import assert from 'node:assert/strict'
import { ConflictError, type Database } from './database.ts'
import { expectRows, sql, type Row, type Sql, type SqlValue } from './sql.ts'

/** One case, on a database that is new and has the schema. */
export interface DatabaseCase {
  readonly name: string
  readonly run: (db: Database) => Promise<void>
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

const put = (name: string, value: Uint8Array = bytes(name)): Sql =>
  sql`insert into settings (name, value) values (${name}, ${value})`

const putAccount = (id: string, createdAt = 0): Sql =>
  sql`insert into accounts (account_id, created_at_ms) values (${id}, ${createdAt})`

const putKey = (id: string, policy: string | null, active = 1): Sql =>
  sql`insert into access_keys
      (access_key_id, account_id, service_principal, secret_sealed, policy, active, created_at_ms)
    values (${id}, ${'a'}, ${'service'}, ${bytes('')}, ${policy}, ${active}, ${0})`

async function names(db: Database): Promise<(SqlValue | undefined)[]> {
  const rows = await db.query(sql`select name from settings order by name`)
  return rows.map((row) => row['name'])
}

async function valueOf(db: Database, name: string): Promise<SqlValue | undefined> {
  return (await db.query(sql`select value from settings where name = ${name}`))[0]?.['value']
}

const plain = (rows: readonly Row[] | undefined): Row[] => (rows ?? []).map((row) => ({ ...row }))

const conflictAt =
  (statement: number) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConflictError, String(error))
    assert.equal(error.statement, statement)
    return true
  }

const noConflict = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof ConflictError)

const valueCases: readonly DatabaseCase[] = [
  {
    name: 'text comes back as it was: empty, quotes, other scripts, beyond the basic plane',
    async run(db) {
      await db.transaction([putAccount('a')])
      for (const text of ['', `'";--?`, 'Zürich', '東京', '𝕊🔐', 'a\u0301', '\u0001\n\t']) {
        await db.transaction([putKey(text, text)])
        const rows = await db.query(
          sql`select access_key_id, policy from access_keys where access_key_id = ${text}`,
        )
        assert.deepEqual(plain(rows), [{ access_key_id: text, policy: text }])
      }
    },
  },
  {
    name: 'null is no text',
    async run(db) {
      await db.transaction([putAccount('a'), putKey('null', null), putKey('empty', '')])
      const rows = await db.query(sql`select access_key_id from access_keys where policy is null`)
      assert.deepEqual(plain(rows), [{ access_key_id: 'null' }])
      assert.equal((await db.query(sql`select policy from access_keys`)).length, 2)
    },
  },
  {
    name: 'integers of 53 bits come back as they were',
    async run(db) {
      const integers = [0, 1, -1, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
      for (const integer of [...integers, Number.MIN_SAFE_INTEGER]) {
        await db.transaction([putAccount(`n${integer}`, integer)])
        const rows = await db.query(
          sql`select account_id from accounts where created_at_ms = ${integer}`,
        )
        assert.deepEqual(plain(rows), [{ account_id: `n${integer}` }])
      }
      const rows = await db.query(sql`select created_at_ms from accounts order by created_at_ms`)
      assert.equal(rows[0]?.['created_at_ms'], Number.MIN_SAFE_INTEGER)
      assert.equal(rows.at(-1)?.['created_at_ms'], Number.MAX_SAFE_INTEGER)
    },
  },
  {
    name: 'numbers that are no integers of 53 bits are refused, and change nothing',
    async run(db) {
      for (const number of [2 ** 53, -(2 ** 53), 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(db.transaction([put('x'), putAccount('a', number)]), noConflict)
        await assert.rejects(
          db.query(sql`select 1 from accounts where created_at_ms = ${number}`),
          noConflict,
        )
      }
      assert.deepEqual(await names(db), [])
    },
  },
  {
    name: 'an integer beyond 53 bits is refused when it is read, not rounded',
    async run(db) {
      await db.transaction([
        putAccount('a', Number.MAX_SAFE_INTEGER),
        sql`update accounts set created_at_ms = created_at_ms + 2`,
      ])
      await assert.rejects(db.query(sql`select created_at_ms from accounts`), noConflict)
    },
  },
  {
    name: 'bytes come back as they were: none, all values, a mebibyte, part of a larger buffer',
    async run(db) {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)
      const large = new Uint8Array(2 ** 20).map((_, index) => (index * 31) % 251)
      const cases = { all, large, none: new Uint8Array(), part: all.subarray(3, 200) }
      for (const [name, value] of Object.entries(cases)) {
        const [, rows] = await db.transaction([
          put(name, value),
          sql`select value from settings where name = ${name}`,
        ])
        for (const found of [rows?.[0]?.['value'], await valueOf(db, name)]) {
          assert.ok(found instanceof Uint8Array)
          assert.ok(Buffer.from(found).equals(value), name)
        }
      }
    },
  },
  {
    name: 'text of a mebibyte comes back as it was',
    async run(db) {
      const text = 'é'.repeat(2 ** 19)
      await db.transaction([putAccount('a'), putKey('large', text)])
      assert.equal((await db.query(sql`select policy from access_keys`))[0]?.['policy'], text)
    },
  },
]

const transactionCases: readonly DatabaseCase[] = [
  {
    name: 'a transaction answers with the rows of each statement, in order',
    async run(db) {
      const answer = await db.transaction([
        put('a'),
        sql`insert into settings (name, value) values ('b', ${bytes('1')}) returning name`,
        sql`select name from settings order by name`,
        sql`delete from settings where name = 'none' returning name`,
      ])
      assert.deepEqual(answer.map(plain), [[], [{ name: 'b' }], [{ name: 'a' }, { name: 'b' }], []])
      assert.deepEqual(await db.transaction([]), [])
    },
  },
  {
    name: 'a read sees what was committed before it',
    async run(db) {
      for (let index = 0; index < 20; index += 1) {
        await db.transaction([put(`n${index}`)])
        assert.equal((await names(db)).length, index + 1)
      }
    },
  },
  {
    name: 'a statement that fails undoes its whole transaction',
    async run(db) {
      await db.transaction([put('there')])
      await assert.rejects(db.transaction([put('a'), put('there'), put('b')]), conflictAt(1))
      await assert.rejects(
        db.transaction([put('a'), sql`insert into nothing values (1)`]),
        noConflict,
      )
      assert.deepEqual(await names(db), ['there'])
    },
  },
  {
    name: 'what breaks another constraint than a unique one is a fault, not a conflict',
    async run(db) {
      await db.transaction([putAccount('a')])
      const noAccount = sql`update access_keys set account_id = 'none'`
      const notNull = sql`insert into settings (name, value) values ('x', null)`
      await assert.rejects(db.transaction([putKey('k', null), noAccount]), noConflict)
      await assert.rejects(db.transaction([notNull]), noConflict)
      await assert.rejects(db.transaction([putKey('k', null, 2)]), noConflict)
      assert.deepEqual(await db.query(sql`select * from access_keys`), [])
    },
  },
  {
    name: 'a unique constraint beside the primary key is a conflict too',
    async run(db) {
      const putCertificate = (number: number): Sql =>
        sql`insert into certificates values
          (${number}, 1, ${bytes('s')}, null, '', ${bytes('')}, 0, 0, null, null, null)`
      await db.transaction([
        putAccount('a'),
        sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
            key_storage_security_standard, configuration, revocation_configuration, status,
            created_at_ms, last_state_change_at_ms, revision)
          values ('i', '', '', 'a', '', '', '', '', '', '', 0, 0, 0)`,
        putCertificate(1),
      ])
      await assert.rejects(db.transaction([putCertificate(1)]), conflictAt(0))
      await assert.rejects(db.transaction([put('x'), putCertificate(2)]), conflictAt(1))
      assert.equal((await db.query(sql`select 1 from certificates`)).length, 1)
    },
  },
  {
    name: 'conflict-ignore with returning tells who was first',
    async run(db) {
      const claim = (value: string): Sql =>
        sql`insert into settings (name, value) values ('one', ${bytes(value)})
          on conflict (name) do nothing returning name`
      assert.equal((await db.transaction([claim('first')]))[0]?.length, 1)
      assert.equal((await db.transaction([claim('second')]))[0]?.length, 0)
      assert.deepEqual(await valueOf(db, 'one'), bytes('first'))
    },
  },
  {
    name: 'a guarded update applies once',
    async run(db) {
      const swap = (from: number, to: number): Sql =>
        expectRows(
          sql`update accounts set created_at_ms = ${to}
            where account_id = 'a' and created_at_ms = ${from} returning account_id`,
          1,
        )
      await db.transaction([putAccount('a', 1)])
      await db.transaction([swap(1, 2)])
      await assert.rejects(db.transaction([put('x'), swap(1, 3)]), conflictAt(1))
      assert.deepEqual(await names(db), [])
      const rows = await db.query(sql`select created_at_ms from accounts`)
      assert.deepEqual(plain(rows), [{ created_at_ms: 2 }])
    },
  },
]

const concurrencyCases: readonly DatabaseCase[] = [
  {
    name: 'one bad transaction among fifty that arrive together fails alone',
    async run(db) {
      await db.transaction([put('there')])
      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) =>
          db.transaction([put(`n${index}`), put(index === 25 ? 'there' : `m${index}`)]),
        ),
      )
      const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
      assert.deepEqual(failed, [25])
      assert.equal((await names(db)).length, 1 + 49 * 2)
      assert.equal(await valueOf(db, 'n25'), undefined)
    },
  },
  {
    name: 'of twenty who insert the same key at once, one wins and the others get a conflict',
    async run(db) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => db.transaction([put('one', bytes(`${index}`))])),
      )
      const winners = outcomes.flatMap(({ status }, index) =>
        status === 'fulfilled' ? [index] : [],
      )
      assert.equal(winners.length, 1)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') conflictAt(0)(outcome.reason)
      assert.deepEqual(await valueOf(db, 'one'), bytes(`${winners[0]}`))
    },
  },
  {
    name: 'concurrent increments under a guard lose none',
    async run(db) {
      await db.transaction([putAccount('a', 0)])
      const increment = async (): Promise<void> => {
        const rows = await db.query(sql`select created_at_ms from accounts`)
        const from = Number(rows[0]?.['created_at_ms'])
        const swap = sql`update accounts set created_at_ms = ${from + 1}
          where created_at_ms = ${from} returning 1 as done`
        await db
          .transaction([expectRows(swap, 1)])
          .catch((error: unknown) =>
            error instanceof ConflictError ? increment() : Promise.reject(error),
          )
      }
      await Promise.all(Array.from({ length: 30 }, increment))
      const rows = await db.query(sql`select created_at_ms from accounts`)
      assert.equal(rows[0]?.['created_at_ms'], 30)
    },
  },
  {
    name: 'a thousand at once are all applied',
    async run(db) {
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) => db.transaction([put(`n${index}`)])),
      )
      assert.equal((await names(db)).length, 1000)
    },
  },
  {
    name: 'closing finishes what was asked, and refuses what comes after',
    async run(db) {
      const asked = Array.from({ length: 100 }, (_, index) => db.transaction([put(`n${index}`)]))
      const closed = db.close()
      await assert.rejects(db.transaction([put('late')]), noConflict)
      await Promise.all(asked)
      await closed
      await assert.rejects(db.query(sql`select 1 as one`), noConflict)
      await assert.rejects(db.transaction([put('late')]), noConflict)
      await db.close()
    },
  },
]

/** The cases, each to be run on a database of its own. The engine's test file closes it. */
export const databaseContract: readonly DatabaseCase[] = [
  ...valueCases,
  ...transactionCases,
  ...concurrencyCases,
]
