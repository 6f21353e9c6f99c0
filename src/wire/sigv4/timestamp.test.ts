import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../../errors.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

test('a formatted instant is parsed to the same instant, independently of earlier calls', () => {
  const seconds = fc.integer({ min: 1_440_000_000, max: 1_440_000_003 })
  const step = fc.record({ seconds, milliseconds: fc.constantFrom(0, 1, 999), reads: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      for (const { seconds: time, milliseconds, reads } of steps) {
        const text = new Date(time * 1000).toISOString().replaceAll(/[:-]|\.000/g, '')
        if (reads) assert.equal(parseTimestamp(text).getTime(), time * 1000)
        else assert.equal(formatTimestamp(new Date(time * 1000 + milliseconds)), text)
      }
    }),
  )
})

test('any digits are parsed as their instant or refused as an invalid date', () => {
  const digits = fc.oneof(
    fc.constantFrom('99999999T999999', '99991231T235960', '00000000T000000'),
    fc.stringMatching(/^[0-9]{8}T[0-9]{6}$/),
  )
  const read = (text: string): string => {
    try {
      return parseTimestamp(text)
        .toISOString()
        .replaceAll(/[:-]|\.000/g, '')
    } catch (error) {
      assert.ok(
        error instanceof ServiceError && error.code === 'IncompleteSignatureException',
        String(error),
      )
      return 'refused'
    }
  }
  fc.assert(
    fc.property(digits, (text) => {
      const result = read(`${text}Z`)
      assert.ok(result === 'refused' || result === `${text}Z`, result)
    }),
    { seed: 15, numRuns: 2000 },
  )
  assert.equal(read('99991231T235959Z'), '99991231T235959Z')
  for (const text of ['99999999T999999Z', '99991231T235960Z', 'Fri, 31 Dec 9999 23:59:60 GMT'])
    assert.equal(read(text), 'refused')
})

test('changing a returned Date does not affect later calls', () => {
  const text = '20150830T123600Z'
  parseTimestamp(text).setUTCFullYear(1999)
  assert.equal(parseTimestamp(text).toISOString(), '2015-08-30T12:36:00.000Z')
})
