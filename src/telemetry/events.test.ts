/** Tests that events are published after they happen: always to the log, and to the webhook if one is configured. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { eventOf, type EventDetails } from '../authority/event.ts'
import { createEvents } from './events.ts'
import { createLog } from './log.ts'
import { claimEvents, queuedEventOf } from '../store/events.ts'

const time = new Date('2026-03-01T08:15:30.250Z')
const occurrence: EventDetails = {
  type: 'ACM Private CA Certificate Revocation',
  authority: { accountId: '123456789012', region: 'eu-central-1' },
  time,
  resources: ['arn:of-the-ca'],
  detail: { result: 'success' },
}

/** A random source whose first result contains only the byte 0, whose second result contains only the byte 1, and so on. */
function countingRandom() {
  let next = 0
  return {
    bytes(length: number): Uint8Array {
      const bytes = new Uint8Array(length).fill(next)
      next += 1
      return bytes
    },
  }
}

/** The UUID (RFC 9562, version 4) whose random bytes all have the given value, which must be below 16. */
const idOf = (byte: number): string => {
  const digit = byte.toString(16)
  const hex = `0${digit}`
  return `${hex.repeat(4)}-${hex.repeat(2)}-4${digit}${hex}-8${digit}${hex}-${hex.repeat(6)}`
}

function createRecordedEvents(delivered: boolean) {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  })
  let wakes = 0
  const events = createEvents({
    log,
    random: countingRandom(),
    delivered,
    wake: () => {
      wakes += 1
    },
  })
  return { events, lines, wakes: () => wakes }
}

test('a prepared event is neither logged nor delivered before it is published', () => {
  const { events, lines, wakes } = createRecordedEvents(true)
  events.prepare(occurrence)
  assert.deepEqual([lines.length, wakes()], [0, 0])
})

test('without a webhook an event is only logged', () => {
  const { events, lines, wakes } = createRecordedEvents(false)
  const prepared = events.prepare(occurrence)
  assert.deepEqual(prepared.statements, [])
  prepared.publish()
  assert.equal(wakes(), 0)
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.['msg'], 'event')
  assert.deepEqual(lines[0]?.['event'], eventOf(occurrence, idOf(0)))
})

test('with a webhook the queued event equals the logged event, and the delivery job is woken once', async () => {
  await using database = await TestDatabase.open()
  const { events, lines, wakes } = createRecordedEvents(true)
  const prepared = events.prepare(occurrence)
  await database.db.transaction(prepared.statements)
  assert.equal(wakes(), 0)
  prepared.publish()
  assert.equal(wakes(), 1)
  const until = new Date(time.getTime() + 60_000)
  const [rows = []] = await database.db.transaction([
    claimEvents({ token: 'worker', now: time, until }, 10),
  ])
  const queued = rows.map(queuedEventOf)
  assert.equal(queued.length, 1)
  assert.deepEqual(JSON.parse(queued[0]?.event ?? ''), lines[0]?.['event'])
  assert.deepEqual(queued[0]?.createdAt, time)
  assert.equal(queued[0]?.failures, 0)
})

test('every event has a unique ID, which is the same in the log and in the queue', () => {
  const { events, lines } = createRecordedEvents(true)
  const all = Array.from({ length: 5 }, () => events.prepare(occurrence))
  for (const prepared of all.toReversed()) prepared.publish()
  const ids = lines.map(({ event }) => (event as { id: string }).id)
  assert.deepEqual(ids, [4, 3, 2, 1, 0].map(idOf))
  assert.deepEqual(
    all.map(
      ({ statements }) => (JSON.parse(String(statements[0]?.values[0])) as { id: string }).id,
    ),
    [0, 1, 2, 3, 4].map(idOf),
  )
})
