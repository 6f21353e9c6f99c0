import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseBasic } from './authenticate.ts'

const header = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('credentials of HTTP Basic are split at the first colon', () => {
  const userName = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((text) => !text.includes(':'))
  fc.assert(
    fc.property(userName, fc.string({ unit: 'grapheme', maxLength: 30 }), (name, password) => {
      assert.deepEqual(parseBasic(header(`${name}:${password}`)), { userName: name, password })
    }),
    { seed: 25 },
  )
  assert.deepEqual(parseBasic(`bAsIc  ${Buffer.from('a:b').toString('base64')} `), {
    userName: 'a',
    password: 'b',
  })
})

test('other schemes and malformed credentials are ignored', () => {
  const others = [
    '',
    'Basic',
    'Basic ',
    'Bearer YTpi',
    'Basic YTpi!',
    'Basic YTpi YTpi',
    header('no colon'),
  ]
  for (const other of others) assert.equal(parseBasic(other), undefined, other)
})
