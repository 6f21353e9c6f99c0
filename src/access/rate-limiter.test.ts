import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createRateLimiter, type RatedCall } from './rate-limiter.ts'

const call: RatedCall = { accountId: '123456789012', region: 'eu-west-1', operation: 'ListTags' }

function limiterAt(rates: Record<string, number>) {
  const state = { ms: 1_000_000 }
  return { state, limiter: createRateLimiter(rates, { now: () => new Date(state.ms) }) }
}

function allowed(limiter: ReturnType<typeof createRateLimiter>, calls: number, by = call): number {
  return Array.from({ length: calls }, () => limiter.allows(by)).filter(Boolean).length
}

test('each second admits as many requests as the rate, in a burst or spread out', () => {
  const { state, limiter } = limiterAt({ ListTags: 5 })
  assert.equal(allowed(limiter, 20), 5)
  state.ms += 200
  assert.equal(allowed(limiter, 20), 1)
  state.ms += 60_000
  assert.equal(allowed(limiter, 20), 5, 'a bucket holds at most one second of requests')
})

test('accounts, Regions and operations have separate buckets, and unlisted operations have no limit', () => {
  const { limiter } = limiterAt({ ListTags: 2, GetPolicy: 1 })
  assert.equal(allowed(limiter, 9), 2)
  assert.equal(allowed(limiter, 9, { ...call, accountId: '999999999999' }), 2)
  assert.equal(allowed(limiter, 9, { ...call, region: 'us-east-1' }), 2)
  assert.equal(allowed(limiter, 9, { ...call, operation: 'GetPolicy' }), 1)
  assert.equal(allowed(limiter, 9, { ...call, operation: 'IssueCertificate' }), 9)
})

test('a rate below one per second admits one request, then waits until the next token', () => {
  const { state, limiter } = limiterAt({ ListTags: 0.5 })
  assert.equal(allowed(limiter, 5), 1)
  state.ms += 1000
  assert.equal(allowed(limiter, 5), 0)
  state.ms += 1000
  assert.equal(allowed(limiter, 5), 1)
})

test('a clock that is set back neither removes nor adds tokens', () => {
  const { state, limiter } = limiterAt({ ListTags: 3 })
  assert.equal(allowed(limiter, 2), 2)
  state.ms -= 3_600_000
  assert.equal(allowed(limiter, 9), 1)
  state.ms += 1000
  assert.equal(allowed(limiter, 9), 3)
})

test('new rates apply from the next request on', () => {
  const { limiter } = limiterAt({ ListTags: 1 })
  assert.equal(allowed(limiter, 5), 1)
  limiter.use({})
  assert.equal(allowed(limiter, 5), 5)
})

test('in any period, at most as many requests are admitted as the rate and one full bucket allow', () => {
  const waits = fc.array(fc.nat({ max: 400 }), { maxLength: 200 })
  fc.assert(
    fc.property(waits, fc.integer({ min: 1, max: 50 }), (pauses, rate) => {
      const { state, limiter } = limiterAt({ ListTags: rate })
      const begin = state.ms
      let count = 0
      for (const pause of pauses) {
        state.ms += pause
        if (limiter.allows(call)) count += 1
      }
      assert.ok(count <= rate + ((state.ms - begin) * rate) / 1000 + 1e-6)
    }),
  )
})
