/** The contract of the Database interface for stored values: test cases that run against every engine. */
import assert from 'node:assert/strict'
import { ConflictError, type Database } from './database.ts'
import { sql, type GuardName, type Row, type Sql, type SqlValue } from './sql.ts'

/** A test case that runs on a new database with the current schema. */
export interface DatabaseCase {
  readonly name: string
  readonly run: (db: Database) => Promise<void>
}

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

export const put = (name: string, value: Uint8Array = bytes(name)): Sql =>
  sql`insert into settings (name, value) values (${name}, ${value})`

export const putAccount = (id: string, createdAt = 0): Sql =>
  sql`insert into accounts (account_id, created_at_ms) values (${id}, ${createdAt})`

export const putKey = (id: string, policy: string | null, active = 1): Sql =>
  sql`insert into access_keys
      (access_key_id, account_id, service_principal, secret_sealed, policy, active, created_at_ms)
    values (${id}, ${'a'}, ${'service'}, ${bytes('')}, ${policy}, ${active}, ${0})`

export async function names(db: Database): Promise<(SqlValue | undefined)[]> {
  const rows = await db.query(sql`select name from settings order by name`)
  return rows.map((row) => row['name'])
}

export async function valueOf(db: Database, name: string): Promise<SqlValue | undefined> {
  return (await db.query(sql`select value from settings where name = ${name}`))[0]?.['value']
}

export const plain = (rows: readonly Row[] | undefined): Row[] =>
  (rows ?? []).map((row) => ({ ...row }))

export const conflictOf =
  (guard: GuardName) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConflictError, String(error))
    assert.equal(error.guard, guard)
    return true
  }

export const noConflict = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof ConflictError)

export const valueCases: readonly DatabaseCase[] = [
  {
    name: 'text is returned unchanged: empty, with quotes, in other scripts, beyond the Basic Multilingual Plane',
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
    name: 'text with U+0000 or an unpaired surrogate is refused, and nothing is changed',
    async run(db) {
      await db.transaction([putAccount('a')])
      for (const text of ['a\0b', '\0', 'a\ud800', '\udc00\ud800']) {
        await assert.rejects(db.transaction([put('x'), putKey('k', text)]), noConflict)
        await assert.rejects(
          db.query(sql`select 1 from accounts where account_id = ${text}`),
          noConflict,
        )
      }
      assert.deepEqual(await names(db), [])
    },
  },
  {
    name: 'text is compared and sorted by its UTF-8 bytes, and only ASCII letters are lowercased',
    async run(db) {
      const texts = ['', 'A', 'B', '_', 'a', 'a b', 'ab', 'z', 'Ä', 'ß', 'ä', 'ﬁ', '𝕊']
      for (const text of texts.toReversed()) await db.transaction([put(text)])
      assert.deepEqual(await names(db), texts)
      const after = await db.query(sql`select name from settings where name > ${'a'} order by name`)
      assert.deepEqual(
        after.map((row) => row['name']),
        texts.slice(texts.indexOf('a b')),
      )
      const lower = await db.query(sql`select name from settings where lower(name) = lower(${'Ä'})`)
      assert.deepEqual(plain(lower), [{ name: 'Ä' }])
    },
  },
  {
    name: 'null differs from every text',
    async run(db) {
      await db.transaction([putAccount('a'), putKey('null', null), putKey('empty', '')])
      const rows = await db.query(sql`select access_key_id from access_keys where policy is null`)
      assert.deepEqual(plain(rows), [{ access_key_id: 'null' }])
      assert.equal((await db.query(sql`select policy from access_keys`)).length, 2)
    },
  },
  {
    name: 'integers of 53 bits are returned unchanged',
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
    name: 'numbers that are not integers of 53 bits are refused, and nothing is changed',
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
    name: 'reading an integer of more than 53 bits throws an error instead of rounding it',
    async run(db) {
      await db.transaction([
        putAccount('a', Number.MAX_SAFE_INTEGER),
        sql`update accounts set created_at_ms = created_at_ms + 2`,
      ])
      await assert.rejects(db.query(sql`select created_at_ms from accounts`), noConflict)
    },
  },
  {
    name: 'bytes are returned unchanged: empty, all values, a mebibyte, a view of a larger buffer',
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
    name: 'text of a mebibyte is returned unchanged',
    async run(db) {
      const text = 'é'.repeat(2 ** 19)
      await db.transaction([putAccount('a'), putKey('large', text)])
      assert.equal((await db.query(sql`select policy from access_keys`))[0]?.['policy'], text)
    },
  },
]
