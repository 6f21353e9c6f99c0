import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorityStatus } from '../authority/status.ts'
import { decideWaiting } from './waiting-certificate.ts'

const hour = 3_600_000
const requestedAt = new Date('2026-01-01T00:00:00Z')
const waiting = {
  signerNumber: 1,
  requestedAt,
  notAfter: new Date(requestedAt.getTime() + 48 * hour),
}
const after = (hours: number): Date => new Date(requestedAt.getTime() + hours * hour)

test('the state of its CA decides whether a waiting certificate is signed, waits or fails', () => {
  const expected: readonly (readonly [AuthorityStatus | undefined, string, string])[] = [
    ['ACTIVE', 'sign', 'sign'],
    ['DISABLED', 'wait', 'wait'],
    // A root CA signs its own certificate before it is ACTIVE, and after it has expired.
    ['PENDING_CERTIFICATE', 'failed', 'sign'],
    ['EXPIRED', 'failed', 'sign'],
    ['FAILED', 'failed', 'failed'],
    ['CREATING', 'failed', 'failed'],
    ['DELETED', 'failed', 'failed'],
    [undefined, 'failed', 'failed'],
  ]
  for (const [status, below, own] of expected) {
    const states = [1, undefined].map(
      (signerNumber) => decideWaiting({ ...waiting, signerNumber }, status, after(1)).state,
    )
    assert.deepEqual(states, [below, own], status)
  }
})

test('a waiting certificate fails 24 hours after its request, or when its validity ends', () => {
  assert.equal(decideWaiting(waiting, 'ACTIVE', new Date(after(24).getTime() - 1)).state, 'sign')
  for (const status of ['ACTIVE', 'DISABLED', 'DELETED'] as const)
    assert.deepEqual(decideWaiting(waiting, status, after(24)), {
      state: 'failed',
      reason: 'The certificate could not be signed within 24 hours.',
    })
  const short = { ...waiting, notAfter: after(2) }
  assert.equal(decideWaiting(short, 'ACTIVE', after(2)).state, 'sign')
  const ended = decideWaiting(short, 'ACTIVE', new Date(after(2).getTime() + 1000))
  assert.equal(
    ended.state === 'failed' && ended.reason,
    'The validity of the certificate ended before it could be signed.',
  )
})
