import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { QueuedCallLog } from './call-log.ts'
import { createLog } from '../telemetry/log.ts'

function queued(pause = 0) {
  const said: string[] = []
  const log = createLog('error', { write: (line) => void said.push(JSON.parse(line).msg) })
  const sink = {
    written: '',
    reopened: 0,
    fault: undefined as Error | undefined,
    batches: 0,
    async append(lines: string) {
      sink.batches += 1
      await setTimeout(0)
      if (sink.fault !== undefined) throw sink.fault
      sink.written += lines
    },
    async reopen() {
      sink.reopened += 1
      if (sink.fault !== undefined) throw sink.fault
    },
    close: () => Promise.resolve(),
  }
  return { said, sink, callLog: new QueuedCallLog(sink, log, pause) }
}

const numbers = (written: string): number[] =>
  written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).n)

test('every record is written once and in order', async () => {
  const { sink, callLog } = queued()
  const count = 500
  const outcomes: Promise<boolean>[] = []
  for (let n = 0; n < count; n += 1) {
    if (n % 3 === 0) outcomes.push(callLog.record({ n }))
    else callLog.write({ n })
    // Microtasks run between batches.
    if (n % 7 === 0) await Promise.resolve()
    if (n % 50 === 0) await setTimeout(0)
  }
  assert.ok((await Promise.all(outcomes)).every(Boolean))
  await callLog.close()
  assert.deepEqual(
    numbers(sink.written),
    Array.from({ length: count }, (_, n) => n),
  )
  assert.ok(sink.batches < count)
})

test('a record added right after a batch has ended does not wait for another record', async () => {
  const { callLog } = queued()
  for (let n = 0; n < 100; n += 1) assert.ok(await callLog.record({ n }))
})

test('a write error is logged once, and records are dropped until the first successful write', async () => {
  const { said, sink, callLog } = queued()
  const changes: boolean[] = []
  callLog.onChange((isWritable) => changes.push(isWritable))
  assert.equal(await callLog.record({ n: 1 }), true)
  sink.fault = new Error('the disk is full')
  for (let n = 2; n < 5; n += 1) {
    callLog.write({ n: n / 10 })
    assert.equal(await callLog.record({ n }), false)
  }
  assert.equal(callLog.isWritable(), false)
  sink.fault = undefined
  assert.equal(await callLog.record({ n: 5 }), true)
  assert.equal(callLog.isWritable(), true)
  // After a failed write, a record is kept if a caller awaits its outcome.
  assert.deepEqual(numbers(sink.written), [1, 2, 3, 4, 5])
  assert.deepEqual(said, [
    'the call log cannot be written; records are dropped',
    'the call log is writable again',
  ])
  assert.deepEqual(changes, [false, true])
})

test('after a failed write the file is retried after a pause, or immediately after reopening', async () => {
  const { sink, callLog } = queued(600_000)
  sink.fault = new Error('gone')
  assert.equal(await callLog.record({ n: 1 }), false)
  const { batches } = sink
  assert.equal(await callLog.record({ n: 2 }), false)
  assert.equal(sink.batches, batches)
  sink.fault = undefined
  callLog.reopen()
  assert.equal(await callLog.record({ n: 3 }), true)
  assert.equal(sink.reopened, 1)
  assert.deepEqual(numbers(sink.written), [1, 2, 3])
})

test('closing writes waiting records and drops later records', async () => {
  const { sink, callLog } = queued()
  for (let n = 0; n < 10; n += 1) callLog.write({ n })
  await callLog.close()
  assert.equal(await callLog.record({ n: 10 }), false)
  assert.equal(numbers(sink.written).length, 10)
})
