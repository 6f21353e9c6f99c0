import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatTimestamp, parseTimestamp } from './sigv4-timestamp.ts'

test('an instant is written and read the same, whatever was before it', () => {
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

test('who changes an instant that was read changes nothing else', () => {
  const text = '20150830T123600Z'
  parseTimestamp(text).setUTCFullYear(1999)
  assert.equal(parseTimestamp(text).toISOString(), '2015-08-30T12:36:00.000Z')
})
