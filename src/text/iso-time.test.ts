import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, date, property } from 'fast-check'
import { isoSeconds, utcDigits } from './iso-time.ts'

test('compact forms have the digits of the ISO form, for every instant of the years 0 to 9999', () => {
  const min = new Date('0000-01-01T00:00:00.000Z')
  const max = new Date('9999-12-31T23:59:59.999Z')
  check(
    property(date({ min, max, noInvalidDate: true }), (instant) => {
      const seconds = new Date(Math.floor(instant.getTime() / 1000) * 1000)
      assert.equal(isoSeconds(instant), seconds.toISOString().replace('.000Z', 'Z'))
      assert.equal(utcDigits(instant), instant.toISOString().replaceAll(/[-:T]|\.\d{3}Z/g, ''))
    }),
  )
})

test('an instant with other digits is refused', () => {
  for (const instant of [
    new Date(Number.NaN),
    new Date('+010000-01-01'),
    new Date('-000001-01-01'),
  ])
    assert.throws(() => utcDigits(instant), RangeError)
})
