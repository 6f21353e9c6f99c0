import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHandshakeBudget, type Handshake } from './handshake-budget.ts'

function createBudget() {
  let now = Date.parse('2026-12-01T00:00:00Z')
  const budget = createHandshakeBudget({ now: () => new Date(now) })
  return {
    begin: (source = '10.0.0.1') => budget.begin(source),
    advance: (seconds: number) => {
      now += seconds * 1000
    },
  }
}

/** Runs handshakes one after another, until the source has exceeded its budget. Returns their number. */
function handshakesOf(begin: () => Handshake | undefined, bytes: number, max = 1000): number {
  for (let count = 0; count < max; count += 1) {
    const handshake = begin()
    if (handshake === undefined) return count
    handshake.end(bytes)
  }
  return max
}

test('handshakes without certificates are not limited', () => {
  const { begin } = createBudget()
  assert.equal(handshakesOf(begin, 0), 1000)
  assert.equal(handshakesOf(begin, 1024), 1000)
})

test('short chains use up the budget of their source, and a few of them each second are allowed', () => {
  const { begin, advance } = createBudget()
  assert.equal(handshakesOf(begin, 3072), 64)
  for (let second = 0; second < 60; second += 1) {
    advance(1)
    assert.equal(handshakesOf(begin, 3072), 4)
  }
})

test('long chains use up the budget of their source, which is refilled with time', () => {
  const { begin, advance } = createBudget()
  assert.equal(handshakesOf(begin, 50_000), 3)
  assert.ok(begin('10.0.0.2'), 'another source has its own budget')
  advance(0.5)
  assert.equal(begin(), undefined)
  advance(30)
  assert.ok(handshakesOf(begin, 50_000) >= 1)
})

test('networks of IPv6 have one budget', () => {
  const { begin } = createBudget()
  assert.equal(
    handshakesOf(() => begin('2001:db8::1'), 1_000_000),
    1,
  )
  assert.equal(begin('2001:db8::2'), undefined)
  assert.ok(begin('2001:db8:0:1::1'))
})

test('the handshakes of a source that have not ended are limited, and each ends once', () => {
  const { begin } = createBudget()
  const pending = Array.from({ length: 8 }, () => begin())
  assert.ok(pending.every((handshake) => handshake !== undefined))
  assert.equal(begin(), undefined)
  pending[0]?.end(0)
  pending[0]?.end(0)
  assert.ok(begin())
  assert.equal(begin(), undefined)
})

test('a clock that is set back forgives nothing', () => {
  const { begin, advance } = createBudget()
  handshakesOf(begin, 50_000)
  advance(-3600)
  assert.equal(begin(), undefined)
  advance(3600)
  assert.ok(begin(), 'the excess is forgiven from the time to which the clock was set')
})
