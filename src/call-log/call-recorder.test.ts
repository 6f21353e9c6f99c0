import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userCaller } from '../../test/support/callers.ts'
import type { EndedCall } from './call-record.ts'
import { createCallRecorder } from './call-recorder.ts'

type Fields = Record<string, unknown>

function recorder(required = false) {
  const records: Fields[] = []
  const state = { isWritable: true }
  let work: (() => void) | undefined
  const port = {
    write: (record: object) => void records.push(record as Fields),
    record(record: object) {
      if (state.isWritable) records.push(record as Fields)
      return Promise.resolve(state.isWritable)
    },
    isWritable: () => state.isWritable,
  }
  const later = (next: () => void): void => {
    work = next
  }
  const calls = createCallRecorder(port, { required, later })
  const record = (call: EndedCall): void => assert.equal(calls.record(call), true)
  return { calls, record, records, state, minute: () => work?.() }
}

let seconds = 0
function unknownCall(more: Partial<EndedCall> = {}): EndedCall {
  seconds += 1
  return {
    requestId: `r${seconds}`,
    eventId: `e${seconds}`,
    eventSource: 'acm-pca.amazonaws.com',
    time: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)),
    operation: undefined,
    caller: undefined,
    sourceIp: '192.0.2.1',
    userAgent: 'x'.repeat(30_000),
    input: undefined,
    output: undefined,
    error: { code: 'MissingAuthenticationTokenException', message: '' },
    ...more,
  }
}

const countOf = (record: Fields | undefined): unknown =>
  (record?.['additionalEventData'] as Fields | undefined)?.['aggregatedCalls']

test('the first unauthenticated call is recorded, and others within a minute are counted', () => {
  const { record, records, minute } = recorder()
  for (let n = 0; n < 1000; n += 1) record(unknownCall())
  assert.equal(records.length, 1)
  record(unknownCall({ error: { code: 'InvalidSignatureException', message: '' } }))
  record(unknownCall({ sourceIp: '192.0.2.2' }))
  assert.equal(records.length, 3)
  minute()
  assert.deepEqual(records.slice(3).map(countOf), [999])
  assert.equal(records[3]?.['sourceIPAddress'], '192.0.2.1')
  minute()
  assert.equal(records.length, 4)
  record(unknownCall())
  assert.equal(records.length, 5)
})

test('addresses of one network are counted as one source, and the number of sources is limited', () => {
  const { calls, record, records } = recorder()
  for (let n = 0; n < 5000; n += 1) record(unknownCall({ sourceIp: `2001:db8::${n.toString(16)}` }))
  assert.equal(records.length, 1)
  for (let n = 0; n < 5000; n += 1) record(unknownCall({ sourceIp: `10.0.${n >> 8}.${n & 255}` }))
  assert.equal(records.length, 1001)
  assert.equal(records.at(-1)?.['sourceIPAddress'], null)
  calls.flush()
  assert.equal(
    records
      .map(countOf)
      .filter((count) => count !== undefined)
      .reduce<number>((sum, count) => sum + Number(count), 0) + 1001,
    10_000,
  )
})

test('authenticated calls are recorded one by one', () => {
  const { record, records } = recorder()
  const caller = userCaller()
  for (let n = 0; n < 10; n += 1) record(unknownCall({ caller }))
  for (let n = 0; n < 10; n += 1) record(unknownCall({ error: undefined }))
  assert.equal(records.length, 20)
})

test('if a required record cannot be written, the call is refused, before or after its effect', async () => {
  const { calls, state } = recorder(true)
  const call = unknownCall({ caller: userCaller(), error: undefined })
  calls.requireWritable()
  assert.equal(await calls.record(call), true)
  state.isWritable = false
  assert.throws(() => calls.requireWritable(), { code: 'ServiceUnavailable' })
  assert.equal(await calls.record(call), false)
  const optional = recorder()
  optional.state.isWritable = false
  optional.calls.requireWritable()
  assert.equal(optional.calls.record(call), true)
})
