/** Tests of the thresholds at which a CA's upcoming expiry is announced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { expiryThreshold, expiryThresholds } from './expiry-thresholds.ts'

const notAfter = new Date('2027-01-01T00:00:00Z')
const second = 1000
const day = 86_400_000
const thresholdBefore = (milliseconds: number): number =>
  expiryThreshold(notAfter, new Date(notAfter.getTime() - milliseconds))

test('each threshold is reached exactly at its time', () => {
  assert.deepEqual(expiryThresholds, [90, 30, 7, 1, 0])
  for (const [at, days] of expiryThresholds.entries()) {
    assert.equal(thresholdBefore(days * day), days)
    assert.equal(thresholdBefore(days * day - 1), days)
    // One millisecond before a threshold, the previous threshold applies; before the largest threshold, no threshold applies.
    assert.equal(thresholdBefore(days * day + 1), expiryThresholds[at - 1] ?? 90)
  }
})

test('between two thresholds the last reached threshold applies, and after the expiry threshold 0 applies', () => {
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

test('thresholds are reached in order as time passes', () => {
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

test('for a certificate that is installed late, only the nearest threshold applies', () => {
  assert.equal(thresholdBefore(3 * day + 5 * second), 7)
  assert.equal(thresholdBefore(second), 1)
})
