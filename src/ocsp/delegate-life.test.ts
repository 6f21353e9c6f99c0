import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { delegateEnd, delegateState } from './delegate-life.ts'

const hours = (count: number): number => count * 3_600_000
const start = new Date('2026-03-01T08:00:00Z')
const at = (milliseconds: number): Date => new Date(start.getTime() + milliseconds)
const validitySeconds = 3600
const caNotAfter = at(hours(24 * 365))

test('a certificate signs for two days, is renewed after one, and expires with its last response', () => {
  const certificate = {
    notBefore: start,
    notAfter: delegateEnd({ now: start, validitySeconds, caNotAfter }),
  }
  assert.deepEqual(certificate.notAfter, at(hours(49)))
  const state = (milliseconds: number) =>
    delegateState(certificate, { now: at(milliseconds), validitySeconds, caNotAfter })
  assert.equal(state(-1), 'unusable')
  assert.equal(state(0), 'fresh')
  assert.equal(state(hours(24)), 'fresh')
  assert.equal(state(hours(24) + 1), 'due')
  assert.equal(state(hours(48)), 'due')
  assert.equal(state(hours(48) + 1), 'unusable')
  assert.equal(delegateState(undefined, { now: start, validitySeconds, caNotAfter }), 'unusable')
})

test('the certificate of a CA that expires soon limits its delegates, which need no renewal', () => {
  const end = at(hours(2) + 500)
  const times = { now: start, validitySeconds, caNotAfter: end }
  const notAfter = new Date(Math.floor(delegateEnd(times).getTime() / 1000) * 1000)
  const certificate = { notBefore: start, notAfter }
  assert.equal(delegateState(certificate, times), 'fresh')
  assert.equal(delegateState(certificate, { ...times, now: at(hours(1.5)) }), 'fresh')
  assert.equal(delegateState(certificate, { ...times, now: at(hours(2)) }), 'unusable')
})

test('a usable certificate outlives the responses that it signs, or the CA expires before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 604_800 }),
      fc.integer({ min: 0, max: hours(24 * 30) }),
      fc.integer({ min: 0, max: hours(24 * 12) }),
      (seconds, caLife, elapsed) => {
        const times = { now: start, validitySeconds: seconds, caNotAfter: at(caLife) }
        const whole = Math.floor(delegateEnd(times).getTime() / 1000) * 1000
        const certificate = { notBefore: start, notAfter: new Date(whole) }
        const now = at(elapsed)
        if (delegateState(certificate, { ...times, now }) === 'unusable') return
        const nextUpdate = now.getTime() + seconds * 1000
        const caEnd = Math.floor(at(caLife).getTime() / 1000) * 1000
        assert.ok(certificate.notAfter.getTime() >= Math.min(nextUpdate, caEnd))
        assert.ok(certificate.notAfter > now)
      },
    ),
  )
})
