import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { operations } from '../operations/index.ts'
import { callRecord, isRead, repeatedRecord, type EndedCall } from './call-record.ts'

const call: EndedCall = {
  requestId: 'r',
  eventId: 'e',
  eventSource: 'acm-pca.amazonaws.com',
  time: new Date('2026-03-01T08:15:30.123Z'),
  operation: 'TagCertificateAuthority',
  caller: undefined,
  sourceIp: '192.0.2.1',
  userAgent: 'agent',
  input: {},
  output: undefined,
  error: undefined,
}

type Fields = Record<string, unknown>
const recordOf = (more: Partial<EndedCall>): Fields => callRecord({ ...call, ...more }) as Fields

test('every operation has a verb that shows whether it reads or writes', () => {
  const writes =
    /^(?:Approve|Create|Delete|Import|Issue|Publish|Put|Reject|Restore|Revoke|Tag|Untag|Update)[A-Z]/
  for (const name of Object.keys(operations)) assert.ok(isRead(name) !== writes.test(name), name)
})

test('a long value is truncated and its length is recorded', () => {
  const long = 'x'.repeat(30_000)
  const { userAgent, errorMessage, requestParameters } = recordOf({
    userAgent: long,
    error: { code: 'ValidationException', message: long },
    input: { Name: long, Items: Array.from({ length: 150 }, (_, n) => n), Csr: new Uint8Array(10) },
  })
  assert.equal(userAgent, `${'x'.repeat(256)}… [30000 characters]`)
  assert.equal(errorMessage, `${'x'.repeat(1024)}… [30000 characters]`)
  const { name, items, csr } = requestParameters as Fields
  assert.equal(name, `${'x'.repeat(1024)}… [30000 characters]`)
  assert.deepEqual((items as unknown[]).slice(98), [98, 99, '… [150 items]'])
  assert.equal(csr, '16 octets')
  const pair = recordOf({ userAgent: `${'x'.repeat(255)}🔐${long}` })
  assert.match(String(pair['userAgent']), /x… \[30257 characters\]$/)
})

test('the size of a record is limited for every call', () => {
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'large' },
      fc.nat(3000).map((length) => 'é'.repeat(length)),
      fc.nat(20_000).map((length) => new Uint8Array(length)),
      fc.integer(),
      fc.array(tie('any'), { maxLength: 300 }),
      fc.dictionary(fc.string({ maxLength: 40 }), tie('any'), { maxKeys: 300 }),
    ),
  })).any
  fc.assert(
    fc.property(value, value, fc.string({ maxLength: 9999 }), (input, output, text) => {
      const error = { code: 'X', message: text }
      for (const more of [
        { input, output },
        { input, error },
      ]) {
        const line = JSON.stringify(recordOf({ ...more, userAgent: text }))
        assert.ok(line.length < 200_000, `${line.length}`)
      }
    }),
    { seed: 15, numRuns: 200 },
  )
  const wide = Array.from({ length: 100 }, () =>
    Array.from({ length: 100 }, () => 'x'.repeat(1024)),
  )
  assert.ok(JSON.stringify(recordOf({ input: { A: wide, B: wide } })).length < 70_000)
})

test('an aggregate record contains the first call, the number of calls and the period in which they occurred', () => {
  const error = { code: 'UnrecognizedClientException', message: 'The security token' }
  const counted = {
    count: 41,
    firstAt: new Date('2026-03-01T08:15:31Z'),
    lastAt: new Date('2026-03-01T08:16:02Z'),
  }
  const record = repeatedRecord({ ...call, error }, counted) as Fields
  assert.deepEqual(
    [record['errorCode'], record['sourceIPAddress'], record['userAgent'], record['requestID']],
    ['UnrecognizedClientException', '192.0.2.1', null, null],
  )
  assert.equal(record['eventTime'], '2026-03-01T08:16:02Z')
  assert.deepEqual(record['additionalEventData'], {
    aggregatedCalls: 41,
    firstEventTime: '2026-03-01T08:15:31Z',
    lastEventTime: '2026-03-01T08:16:02Z',
  })
})
