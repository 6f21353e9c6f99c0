import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { dayMilliseconds, parseDuration, spanMilliseconds } from './duration.ts'

test('a duration is a whole number from 1 and a unit', () => {
  const count = fc.integer({ min: 1, max: 999_999 })
  const unit = fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo', 'y')
  fc.assert(
    fc.property(count, unit, (number, name) => {
      assert.deepEqual(parseDuration(`${number}${name}`), { count: number, unit: name })
    }),
  )
})

test('any other text is not a duration', () => {
  for (const text of [
    '',
    '30',
    'd',
    '0d',
    '01d',
    '-1d',
    '1.5y',
    '30 d',
    ' 1d',
    '1d ',
    '1D',
    '1mos',
    '1e3d',
    '1000000d',
    '2030-01-31',
  ])
    assert.equal(parseDuration(text), undefined, text)
})

test('a duration in months or years is never shorter than the same period on the calendar', () => {
  const lengths = {
    '90s': 90_000,
    '10m': 600_000,
    '12h': 43_200_000,
    '7d': 604_800_000,
    '2w': 1_209_600_000,
  }
  for (const [text, milliseconds] of Object.entries(lengths))
    assert.equal(
      spanMilliseconds(parseDuration(text) ?? { count: 0, unit: 's' }),
      milliseconds,
      text,
    )
  for (let month = 0; month < 48; month += 1)
    for (const count of [1, 5, 12, 13]) {
      const calendar = Date.UTC(2026, month + count) - Date.UTC(2026, month)
      assert.ok(spanMilliseconds({ count, unit: 'mo' }) >= calendar)
    }
  assert.equal(spanMilliseconds({ count: 4, unit: 'y' }), 4 * 366 * dayMilliseconds)
})
