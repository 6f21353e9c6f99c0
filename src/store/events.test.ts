import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { eventOf } from '../authority/event.ts'
import type { Database } from './database.ts'
import {
  claimEvents,
  deleteEvent,
  insertEvent,
  postponeEvent,
  queuedEventOf,
  type QueuedEvent,
} from './events.ts'
import type { Lease } from './leases.ts'
import { sql } from './sql.ts'

const minute = 60_000
const day = 24 * 60 * minute
const start = Date.UTC(2026, 0)

function at(offset: number): Date {
  return new Date(start + offset)
}

function lease(token: string, offset = 0): Lease {
  return { token, now: at(offset), until: at(offset + 2 * minute) }
}

/** Queues events with the given IDs, in that order. */
async function queue(db: Database, ...events: string[]): Promise<void> {
  const occurrence = {
    type: 'ACM Private CA Creation',
    authority: { accountId: '1', region: 'eu-west-1' },
    time: at(0),
    resources: ['arn'],
    detail: { result: 'success' },
  } as const
  await db.transaction(events.map((id) => insertEvent(eventOf(occurrence, id), at(0))))
}

async function claim(db: Database, by: Lease, limit = 100): Promise<QueuedEvent[]> {
  const [rows = []] = await db.transaction([claimEvents(by, limit)])
  return rows.map(queuedEventOf)
}

function idOf({ event }: QueuedEvent): string {
  return (JSON.parse(event) as { id: string }).id
}

async function ids(db: Database, by: Lease): Promise<string[]> {
  return (await claim(db, by)).map(idOf).toSorted()
}

test('a queued event is returned unchanged, and to one claim at a time', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await queue(db, 'a', 'b', 'c')
  const [first, second] = (await claim(db, lease('x'), 2)).toSorted((a, b) => a.number - b.number)
  assert.deepEqual(
    [first, second].map((event) => event && idOf(event)),
    ['a', 'b'],
  )
  assert.deepEqual([first?.failures, first?.createdAt], [0, at(0)])
  assert.equal((JSON.parse(first?.event ?? '') as { source: string }).source, 'aws.acm-pca')
  assert.deepEqual(await ids(db, lease('y')), ['c'])
  assert.deepEqual(await ids(db, lease('z')), [])
})

test('forty concurrent claims on two connections claim each of 200 events once', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const expected = Array.from({ length: 200 }, (_, index) => `event-${index}`)
  await queue(db, ...expected)
  const second = await database.openAgain()
  const claims = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      claim(index % 2 === 0 ? db : second, lease(`${index}`), 8),
    ),
  )
  await second.close()
  assert.deepEqual(claims.flat().map(idOf).toSorted(), expected.toSorted())
})

test('a process that lost its lease can neither delete nor postpone an event', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await queue(db, 'a')
  const [event] = await claim(db, lease('first'))
  assert.ok(event)
  assert.deepEqual(await ids(db, lease('second', 2 * minute - 1)), [])
  const second = lease('second', 2 * minute)
  assert.deepEqual(await ids(db, second), ['a'])
  const before = await db.query(sql`select * from events`)
  await db.transaction([
    deleteEvent(event, lease('first')),
    postponeEvent(event, at(day), lease('first')),
  ])
  assert.deepEqual(await db.query(sql`select * from events`), before)
  await db.transaction([deleteEvent(event, second)])
  assert.deepEqual(await db.query(sql`select * from events`), [])
})

test('an undelivered event waits for its retry and counts its failures', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await queue(db, 'a')
  const [event] = await claim(db, lease('x'))
  await db.transaction([postponeEvent(event!, at(5000), lease('x'))])
  assert.deepEqual(await ids(db, lease('y', 4999)), [])
  const [again] = await claim(db, lease('y', 5000))
  assert.equal(again?.failures, 1)
})

test('after the clock is set back by a day, no event waits until the next day', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  await queue(db, 'new', 'leased', 'retried')
  const claimed = await claim(db, lease('x'))
  const retried = claimed.find((event) => idOf(event) === 'retried')
  await db.transaction([postponeEvent(retried!, at(minute), lease('x'))])
  await queue(db, 'newer')
  const all = ['leased', 'new', 'newer', 'retried']
  assert.deepEqual(await ids(db, lease('y', -day)), all)
})
