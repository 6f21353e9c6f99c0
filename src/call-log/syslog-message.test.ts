import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { messageBytesMax, syslogFrame } from './syslog-message.ts'

const source = { hostname: 'ca-1.example.com', processId: 42 }

/** Reads a frame as a syslog receiver does: the length, a space, and that many bytes. */
function readFrame(frame: Buffer): { header: string; json: Record<string, unknown> } {
  const text = frame.toString('latin1')
  const [, length, rest = ''] = /^([1-9]\d*) ([^]*)$/.exec(text) ?? []
  assert.equal(Number(length), Buffer.byteLength(rest, 'latin1'))
  const [, header = '', message = ''] =
    /^(<\d{1,3}>1 \S+ \S+ \S+ \S+ \S+ -) ([^]*)$/.exec(rest) ?? []
  return { header, json: JSON.parse(message) }
}

const record = {
  eventTime: '2026-03-01T08:15:30Z',
  eventName: 'IssueCertificate',
  userAgent: 'aws-cli',
  requestParameters: { subject: 'Zoë' },
  responseElements: null,
}

test('a message has facility 13, the time of the call, host, program and process ID, and the record in ASCII', () => {
  const { header, json } = readFrame(syslogFrame(record, source))
  assert.equal(header, '<110>1 2026-03-01T08:15:30Z ca-1.example.com signet 42 ApiCall -')
  assert.deepEqual(json, record)
  assert.ok(!syslogFrame(record, source).some((byte) => byte < 0x20 || byte > 0x7e))
})

test('a call that failed has severity notice', () => {
  const { header } = readFrame(syslogFrame({ ...record, errorCode: 'AccessDenied' }, source))
  assert.match(header, /^<109>1 /)
})

test('a host name with spaces or without characters is a valid field', () => {
  assert.match(readFrame(syslogFrame(record, { ...source, hostname: 'a b' })).header, / ab signet /)
  assert.match(readFrame(syslogFrame(record, { ...source, hostname: '' })).header, /Z - signet /)
})

test('long members are replaced by their size, and the others stay', () => {
  const requestParameters = { names: 'x'.repeat(20_000) }
  const { json } = readFrame(syslogFrame({ ...record, requestParameters }, source))
  assert.deepEqual(json['requestParameters'], {
    omitted: true,
    originalSize: JSON.stringify(requestParameters).length,
    reason: 'a syslog message has at most 8192 bytes',
  })
  assert.equal(json['userAgent'], 'aws-cli')
})

test('every message is within the limit, and its length is that of the frame', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000 })
  const members = fc.record({
    eventTime: fc.constant('2026-03-01T08:15:30Z'),
    userAgent: fc.option(text),
    errorMessage: text,
    requestParameters: fc.jsonValue({ maxDepth: 3 }),
    responseElements: fc.dictionary(text, text, { maxKeys: 5 }),
  })
  fc.assert(
    fc.property(members, (value) => {
      const frame = syslogFrame(value, source)
      assert.ok(frame.length <= messageBytesMax + 5)
      readFrame(frame)
    }),
    { numRuns: 200 },
  )
})
