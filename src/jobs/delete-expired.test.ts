import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pauseAfter } from './delete-expired.ts'

test('the job works half of the time of a process that has nothing else to do', () => {
  assert.equal(pauseAfter(0), 1)
})

test('it rests the longer the busier the process is, and never for good', () => {
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
