/** The contract of the Database interface: test cases that run against every engine. */
import assert from 'node:assert/strict'
import { ConflictError } from './database.ts'
import {
  bytes,
  put,
  putAccount,
  putKey,
  names,
  valueOf,
  plain,
  conflictOf,
  noConflict,
  valueCases,
  type DatabaseCase,
} from './database-values-contract.ts'
import { guard, sql, type GuardName, type Sql } from './sql.ts'

const transactionCases: readonly DatabaseCase[] = [
  {
    name: 'a transaction returns the rows of each statement, in order',
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
    name: 'a read sees earlier commits',
    async run(db) {
      for (let index = 0; index < 20; index += 1) {
        await db.transaction([put(`n${index}`)])
        assert.equal((await names(db)).length, index + 1)
      }
    },
  },
  {
    name: 'a failed statement rolls back its whole transaction',
    async run(db) {
      await db.transaction([put('there')])
      await assert.rejects(
        db.transaction([put('a'), put('there'), put('b')]),
        conflictOf('duplicate'),
      )
      await assert.rejects(
        db.transaction([put('a'), sql`insert into nothing values (1)`]),
        noConflict,
      )
      assert.deepEqual(await names(db), ['there'])
    },
  },
  {
    name: 'only a violated unique constraint is a conflict; any other violated constraint is an error',
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
    name: 'a violated unique constraint besides the primary key is a conflict',
    async run(db) {
      const putCertificate = (number: number): Sql =>
        sql`insert into certificates (certificate_number, authority_number, serial_number,
            template_name, certificate_der, issued_at_ms, not_after)
          values (${number}, 1, ${bytes('s')}, '', ${bytes('')}, 0, 0)`
      await db.transaction([
        putAccount('a'),
        sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
            key_storage_security_standard, configuration, revocation_configuration, status,
            created_at_ms, last_state_change_at_ms, revision)
          values ('i', '', '', 'a', '', '', '', '', '', '', 0, 0, 0)`,
        putCertificate(1),
      ])
      await assert.rejects(db.transaction([putCertificate(1)]), conflictOf('duplicate'))
      await assert.rejects(db.transaction([put('x'), putCertificate(2)]), conflictOf('duplicate'))
      assert.equal((await db.query(sql`select 1 from certificates`)).length, 1)
    },
  },
  {
    name: '"on conflict do nothing" with "returning" returns a row only for the first insert',
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
        guard(
          'revision',
          sql`update accounts set created_at_ms = ${to}
            where account_id = 'a' and created_at_ms = ${from} returning account_id`,
        )
      await db.transaction([putAccount('a', 1)])
      await db.transaction([swap(1, 2)])
      await assert.rejects(db.transaction([put('x'), swap(1, 3)]), conflictOf('revision'))
      assert.deepEqual(await names(db), [])
      const rows = await db.query(sql`select created_at_ms from accounts`)
      assert.deepEqual(plain(rows), [{ created_at_ms: 2 }])
    },
  },
]

const isThere = (name: string, rows = 1): Sql =>
  guard('missing', sql`select name from settings where name = ${name}`, rows)

const guardCases: readonly DatabaseCase[] = [
  {
    name: 'a conflict has the name of the first failed guard, wherever the guard is in the transaction',
    async run(db) {
      await db.transaction([put('there')])
      const full = guard('quota', sql`select name from settings`, 0)
      const late = guard(
        'lease',
        sql`update settings set name = 'x' where name = '' returning name`,
      )
      const again = guard(
        'token',
        sql`insert into settings values ('there', ${bytes('')}) returning 1 as n`,
      )
      const refused: readonly [GuardName, readonly Sql[]][] = [
        ['missing', [isThere('none'), full, put('there')]],
        ['quota', [isThere('there'), put('a'), full, late]],
        ['lease', [put('a'), isThere('a'), late, put('there')]],
        ['duplicate', [isThere('there'), put('there'), late]],
        // A guarded statement that violates a unique constraint returns no rows.
        ['duplicate', [again]],
      ]
      for (const [name, statements] of refused)
        await assert.rejects(db.transaction(statements), conflictOf(name))
      // Transactions that share a commit must cause the same conflicts as transactions with separate commits.
      await Promise.all(
        refused.map(([name, statements]) =>
          assert.rejects(db.transaction(statements), conflictOf(name)),
        ),
      )
      assert.deepEqual(await names(db), ['there'])
    },
  },
  {
    name: 'a guard counts the rows of every kind of statement, including zero rows',
    async run(db) {
      await db.transaction([put('a'), put('b')])
      const changes: readonly [Sql, number][] = [
        [sql`select name from settings`, 2],
        [sql`select name from settings where name = 'none'`, 0],
        [sql`select count(*) as n from settings having count(*) <= ${2}`, 1],
        [sql`update settings set value = ${bytes('x')} returning name`, 2],
        [sql`delete from settings where name = 'none' returning name`, 0],
        [sql`insert into settings values ('c', ${bytes('')}) returning name`, 1],
      ]
      for (const [statement, rows] of changes) {
        const other = rows === 0 ? 1 : rows - 1
        await assert.rejects(
          db.transaction([guard('quota', statement, other), put('x')]),
          conflictOf('quota'),
        )
        const [answer] = await db.transaction([guard('quota', statement, rows)])
        assert.equal(answer?.length, rows)
      }
      assert.deepEqual(await names(db), ['a', 'b', 'c'])
    },
  },
  {
    name: 'concurrent requests use up a quota and never exceed it',
    async run(db) {
      const take = (name: string): Sql =>
        guard(
          'quota',
          sql`insert into settings (name, value) select ${name}, ${bytes('')}
            where ${7} > (select count(*) from settings) returning name`,
        )
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, index) => db.transaction([take(`n${index}`)])),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 7)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') conflictOf('quota')(outcome.reason)
      assert.equal((await names(db)).length, 7)
    },
  },
  {
    name: 'the changes of a failed transaction are invisible to transactions that share its commit',
    async run(db) {
      const copy = sql`insert into settings (name, value)
        select 'seen', value from settings where name = 'undone'`
      await Promise.allSettled([
        db.transaction([put('first')]),
        db.transaction([put('undone'), put('first')]),
        db.transaction([copy]),
        db.transaction([put('undone'), sql`insert into nothing values (1)`]),
        db.transaction([copy, put('last')]),
      ])
      assert.deepEqual(await names(db), ['first', 'last'])
    },
  },
]

const concurrencyCases: readonly DatabaseCase[] = [
  {
    name: 'if one of fifty concurrent transactions fails, the other transactions succeed',
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
    name: 'one of twenty concurrent inserts of a key succeeds, and the other inserts are conflicts',
    async run(db) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => db.transaction([put('one', bytes(`${index}`))])),
      )
      const winners = outcomes.flatMap(({ status }, index) =>
        status === 'fulfilled' ? [index] : [],
      )
      assert.equal(winners.length, 1)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') conflictOf('duplicate')(outcome.reason)
      assert.deepEqual(await valueOf(db, 'one'), bytes(`${winners[0]}`))
    },
  },
  {
    name: 'concurrent guarded increments are all applied',
    async run(db) {
      await db.transaction([putAccount('a', 0)])
      const increment = async (): Promise<void> => {
        const rows = await db.query(sql`select created_at_ms from accounts`)
        const from = Number(rows[0]?.['created_at_ms'])
        const swap = sql`update accounts set created_at_ms = ${from + 1}
          where created_at_ms = ${from} returning 1 as done`
        await db
          .transaction([guard('revision', swap)])
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
    name: 'a thousand concurrent transactions are all applied',
    async run(db) {
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) => db.transaction([put(`n${index}`)])),
      )
      assert.equal((await names(db)).length, 1000)
    },
  },
  {
    name: 'close finishes pending work and rejects later calls',
    async run(db) {
      const requests = Array.from({ length: 100 }, (_, index) => db.transaction([put(`n${index}`)]))
      const closed = db.close()
      await assert.rejects(db.transaction([put('late')]), noConflict)
      await Promise.all(requests)
      await closed
      await assert.rejects(db.query(sql`select 1 as one`), noConflict)
      await assert.rejects(db.transaction([put('late')]), noConflict)
      await db.close()
    },
  },
]

/** The test cases of the contract. Each case runs on a separate database, which the caller closes. */
export const databaseContract: readonly DatabaseCase[] = [
  ...valueCases,
  ...transactionCases,
  ...guardCases,
  ...concurrencyCases,
]
