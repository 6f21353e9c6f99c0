import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readableLine } from './readable-line.ts'

const time = new Date(2026, 0, 2, 17, 29, 50)

test('a request is one line with time, status, operation, duration and caller', () => {
  const fields = {
    requestId: 'x',
    operation: 'IssueCertificate',
    status: 200,
    errorCode: undefined,
    milliseconds: 3,
    caller: 'arn:aws:iam::123456789012:user/administrator',
  }
  const record = { level: 'info', time, fields, message: 'request' }
  assert.equal(readableLine(record, false), '17:29:50 200 IssueCertificate 3ms administrator\n')
  const refused = {
    ...fields,
    operation: undefined,
    caller: undefined,
    status: 403,
    errorCode: 'AccessDeniedException',
  }
  assert.equal(
    readableLine({ ...record, fields: refused }, false),
    '17:29:50 403 unknown operation 3ms AccessDeniedException\n',
  )
})

test('lines of warnings and errors start with the level, and an error is followed by its stack', () => {
  const warning = { level: 'warn', time, fields: { publicUrl: 'http://x' }, message: 'unreachable' }
  assert.equal(readableLine(warning, false), '17:29:50 warning: unreachable publicUrl=http://x\n')
  const err = { type: 'Error', message: 'disk full', stack: 'Error: disk full\n    at write' }
  const error = { level: 'error', time, fields: { err }, message: 'a job failed' }
  assert.equal(
    readableLine(error, false),
    '17:29:50 error: a job failed (disk full)\n  Error: disk full\n      at write\n',
  )
})

test('an event is one short line with its type, result and resource, in place of its JSON', () => {
  const arn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1f'
  const event = {
    version: '0',
    'detail-type': 'ACM Private CA Certificate Issuance',
    resources: [arn, `${arn}/certificate/8c10e7ff`],
    detail: { result: 'success' },
  }
  const record = { level: 'info', time, fields: { event }, message: 'event' }
  assert.equal(
    readableLine(record, false),
    '17:29:50 event: Certificate Issuance success 8c10e7ff\n',
  )
  const failed = {
    ...event,
    'detail-type': 'ACM Private CA CRL Generation',
    resources: [arn],
    detail: { result: 'failure', reason: 'denied' },
  }
  assert.equal(
    readableLine({ ...record, fields: { event: failed } }, false),
    '17:29:50 event: CRL Generation failure 1f reason=denied\n',
  )
})

test('control characters in fields cannot control the terminal', () => {
  const record = { level: 'info', time, fields: { name: '\u001B[2J\nx' }, message: 'm' }
  const line = readableLine(record, false)
  assert.equal(line.split('\n').length, 2)
  assert.ok(!line.includes('\u001B'))
})
