/** Which threshold of expiry has been reached. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { expiryThreshold, expiryThresholds } from './expiry-thresholds.ts'

const notAfter = new Date('2027-01-01T00:00:00Z')
const second = 1000
const day = 86_400_000
const thresholdBefore = (milliseconds: number): number =>
  expiryThreshold(notAfter, new Date(notAfter.getTime() - milliseconds))

test('each threshold is reached at its moment, and not a millisecond before', () => {
  assert.deepEqual(expiryThresholds, [90, 30, 7, 1, 0])
  for (const [at, days] of expiryThresholds.entries()) {
    assert.equal(thresholdBefore(days * day), days)
    assert.equal(thresholdBefore(days * day - 1), days)
    // A millisecond earlier it is the threshold before; the longest is the first that there is.
    assert.equal(thresholdBefore(days * day + 1), expiryThresholds[at - 1] ?? 90)
  }
})

test('between thresholds it is the last that was reached, and after the end the end itself', () => {
  for (const [days, threshold] of [
    [89, 90],
    [31, 90],
    [29, 30],
    [8, 30],
    [6, 7],
    [2, 7],
    [0.5, 1],
    [-0.5, 0],
    [-1, 0],
    [-10_000, 0],
  ] as const)
    assert.equal(thresholdBefore(days * day), threshold, `${days} days`)
})

test('as time goes on thresholds are passed in order, and none comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -day, max: 90 * day })), (moments) => {
      const reached = moments.toSorted((a, b) => b - a).map(thresholdBefore)
      for (const threshold of reached) assert.ok(expiryThresholds.includes(threshold))
      assert.deepEqual(
        reached,
        reached.toSorted((a, b) => b - a),
      )
    }),
  )
})

test('a certificate that was installed late gets the nearest threshold, not every one before', () => {
  assert.equal(thresholdBefore(3 * day + 5 * second), 7)
  assert.equal(thresholdBefore(second), 1)
})
