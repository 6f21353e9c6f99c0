import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, nat, property, string } from 'fast-check'
import { truncateText } from './visible-text.ts'

test('a truncated text is as long as possible and never ends within a surrogate pair', () => {
  assert.equal(truncateText('ab😀', 3), 'ab')
  assert.equal(truncateText('ab😀', 4), 'ab😀')
  assert.equal(truncateText('😀', 0), '')
  check(
    property(string({ unit: 'binary' }), nat(40), (text, unitsMax) => {
      const shown = truncateText(text, unitsMax)
      assert.ok(text.startsWith(shown) && shown.isWellFormed())
      assert.ok(shown.length <= unitsMax && shown.length >= Math.min(text.length, unitsMax) - 1)
    }),
    { seed: 15 },
  )
})
