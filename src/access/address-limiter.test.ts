import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressLimiter } from './address-limiter.ts'

const hour = 3_600_000

function start(perHour: number) {
  const clock = { milliseconds: 1e12, now: () => new Date(clock.milliseconds) }
  return { clock, limiter: createAddressLimiter(perHour, clock) }
}

test('an address has as many events in an hour as the limit, and tokens return continuously', () => {
  const { clock, limiter } = start(4)
  for (let event = 0; event < 4; event += 1) assert.equal(limiter.count('192.0.2.1'), undefined)
  assert.equal(limiter.count('192.0.2.1'), 900)
  assert.equal(limiter.count('192.0.2.2'), undefined)
  clock.milliseconds += hour / 8
  assert.equal(limiter.count('192.0.2.1'), 450)
  clock.milliseconds += hour / 8
  assert.equal(limiter.count('192.0.2.1'), undefined)
  assert.equal(limiter.count('192.0.2.1'), 900)
})

test('a clock that is set back neither adds nor removes tokens', () => {
  const { clock, limiter } = start(2)
  limiter.count('192.0.2.1')
  clock.milliseconds -= 10 * hour
  assert.equal(limiter.count('192.0.2.1'), undefined)
  assert.equal(limiter.count('192.0.2.1'), 1800)
})

test('the addresses of an IPv6 network share a limit, and an unknown address has none', () => {
  const { limiter } = start(1)
  assert.equal(limiter.count('2001:db8::1'), undefined)
  assert.equal(limiter.count('2001:db8::2'), 3600)
  assert.equal(limiter.count('2001:db8:0:1::1'), undefined)
  assert.equal(limiter.count(undefined), undefined)
  assert.equal(limiter.count(undefined), undefined)
})
