import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeText } from './size-text.ts'

test('sizes are shown with two or three digits and their unit', () => {
  const sizes = [0, 999, 1000, 1549, 10_400, 12_345_678, 4e12, 5e15]
  assert.deepEqual(sizes.map(sizeText), [
    '0 bytes',
    '999 bytes',
    '1.0 KB',
    '1.5 KB',
    '10 KB',
    '12 MB',
    '4.0 TB',
    '5000 TB',
  ])
})
