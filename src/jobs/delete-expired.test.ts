import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pauseAfter } from './delete-expired.ts'

test('delete-expired runs half of the time in an idle process', () => {
  assert.equal(pauseAfter(0), 1)
})

test('delete-expired pauses longer in a busier process, up to a limit', () => {
  const utilization = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(utilization, utilization, (one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      assert.ok(pauseAfter(low) <= pauseAfter(high))
      assert.ok(pauseAfter(high) <= 12)
    }),
  )
  assert.ok(pauseAfter(0.4) > 2 * pauseAfter(0.1))
})
