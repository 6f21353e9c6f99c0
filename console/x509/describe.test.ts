import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeRequest } from './describe.ts'

test('text that is not one CSR is refused with the reason', () => {
  assert.throws(() => describeRequest('hello'), /BEGIN CERTIFICATE REQUEST/)
  const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
  assert.throws(() => describeRequest(pem), /is a PRIVATE KEY/)
})
