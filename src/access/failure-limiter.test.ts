import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createFailureLimiter } from './failure-limiter.ts'

function setUp(perMinute: number) {
  const state = { milliseconds: 1_000_000 }
  const clock = { now: () => new Date(state.milliseconds) }
  return { state, limiter: createFailureLimiter(perMinute, clock) }
}

test('a source address with too many failures is accepted only with access keys that it has used before', () => {
  const { state, limiter } = setUp(3)
  limiter.recordSuccess('192.0.2.1', 'AKIAKNOWN')
  for (let time = 0; time < 3; time += 1) assert.equal(limiter.recordFailure('192.0.2.1'), true)
  assert.equal(limiter.recordFailure('192.0.2.1'), false)
  assert.equal(limiter.isAllowed('192.0.2.1', 'AKIANEW'), false)
  assert.equal(limiter.isAllowed('192.0.2.1', 'AKIAKNOWN'), true)
  assert.equal(limiter.isAllowed('192.0.2.2', 'AKIANEW'), true, 'another source')
  state.milliseconds += 20_000
  assert.equal(limiter.isAllowed('192.0.2.1', 'AKIANEW'), true)
  assert.deepEqual(
    [limiter.recordFailure('192.0.2.1'), limiter.recordFailure('192.0.2.1')],
    [true, false],
  )
  state.milliseconds -= 500_000
  assert.equal(limiter.recordFailure('192.0.2.1'), false, 'a clock that is set back adds no tokens')
})

test('without a limit, or with an unknown source, every request is accepted', () => {
  const { limiter } = setUp(0)
  for (let time = 0; time < 1000; time += 1) assert.equal(limiter.recordFailure('192.0.2.1'), true)
  assert.equal(limiter.isAllowed('192.0.2.1', 'x'), true)
  const { limiter: limited } = setUp(1)
  for (let time = 0; time < 5; time += 1) assert.equal(limited.recordFailure(undefined), true)
})

test('the most recent access keys are remembered, up to a limit', () => {
  const { limiter } = setUp(1)
  for (let key = 0; key < 100; key += 1) limiter.recordSuccess('192.0.2.1', `AKIA${key}`)
  limiter.recordFailure('192.0.2.1')
  assert.equal(limiter.isAllowed('192.0.2.1', 'AKIA99'), true)
  assert.equal(limiter.isAllowed('192.0.2.1', 'AKIA0'), false)
})

test('in any period, a source can fail at most as often as the rate and one full bucket allow', () => {
  const step = fc.record({ wait: fc.nat({ max: 30_000 }), failures: fc.nat({ max: 5 }) })
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 20 }), (steps, perMinute) => {
      const { state, limiter } = setUp(perMinute)
      const startedAt = state.milliseconds
      let counted = 0
      for (const { wait, failures } of steps) {
        state.milliseconds += wait
        for (let time = 0; time < failures; time += 1) if (limiter.recordFailure('a')) counted += 1
      }
      const minutes = (state.milliseconds - startedAt) / 60_000
      assert.ok(counted <= perMinute * (1 + minutes) + 1e-6)
    }),
  )
})
