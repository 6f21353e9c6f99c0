import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateEnd } from './certificate-profile.ts'

const now = new Date('2026-01-15T12:00:00.900Z')
const endOf = (validitySeconds: number, notAfter?: string): string =>
  certificateEnd(
    new Date(now.getTime() + validitySeconds * 1000),
    notAfter === undefined ? undefined : { notAfter: new Date(notAfter) },
  ).toISOString()

test('a certificate ends after the validity of its profile, at a whole second', () => {
  assert.equal(endOf(60), '2026-01-15T12:01:00.000Z')
  assert.equal(endOf(60, '2030-01-01T00:00:00Z'), '2026-01-15T12:01:00.000Z')
})

test('a certificate never outlives the certificate of its CA', () => {
  assert.equal(endOf(86_400, '2026-01-15T13:00:00Z'), '2026-01-15T13:00:00.000Z')
  assert.equal(endOf(60, '2026-01-15T12:01:00Z'), '2026-01-15T12:01:00.000Z')
})
