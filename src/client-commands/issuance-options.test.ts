/** Tests of parsing validities and durations as people write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { isInstant, parseSpan, parseValidity } from './issuance-options.ts'

const now = new Date('2026-03-01T08:00:00Z')

test('a validity in hours or shorter units is converted to a time, and a validity in longer units is sent as a period', () => {
  for (const [text, options] of [
    ['90s', { until: new Date('2026-03-01T08:01:30Z') }],
    ['10m', { until: new Date('2026-03-01T08:10:00Z') }],
    ['12h', { until: new Date('2026-03-01T20:00:00Z') }],
    ['30d', { days: 30 }],
    ['6w', { days: 42 }],
    ['18mo', { Value: 18, Type: 'MONTHS' }],
    ['10y', { years: 10 }],
    ['2030-01-31', { until: new Date('2030-01-31T00:00:00Z') }],
    ['2030-01-31T12:30:00Z', { until: new Date('2030-01-31T12:30:00Z') }],
  ] as const)
    assert.deepEqual(parseValidity(text, now), options, text)
})

test('any other text is refused as a validity', () => {
  for (const text of ['', '30', 'd', '0d', '-1d', '1.5y', '30 d', '2030-13-01', 'tomorrow', '1e3d'])
    assert.throws(() => parseValidity(text, now), ConfigurationError, text)
})

test('a duration accepts every unit of a validity, but no date', () => {
  assert.equal(parseSpan('12h'), 43_200_000)
  assert.equal(parseSpan('7d'), 604_800_000)
  assert.equal(parseSpan('2w'), 1_209_600_000)
  assert.equal(parseSpan('10m'), 600_000)
  assert.equal(parseSpan('1mo'), 31 * 86_400_000)
  assert.equal(parseSpan('1y'), 366 * 86_400_000)
  for (const text of ['7', '1.5d', '2030-01-31'])
    assert.throws(() => parseSpan(text), ConfigurationError, text)
})

test('a date is recognized as a fixed time, and a duration is not', () => {
  assert.ok(isInstant('2030-01-31'))
  assert.ok(!isInstant('30d'))
})
