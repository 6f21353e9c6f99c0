import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readClaims } from './token-claims.ts'

const right = { iss: 'https://a.example', sub: 'alice', aud: 'signet', exp: 2, iat: 1 }

test('claims of the right types are returned', () => {
  assert.deepEqual(readClaims(right), {
    subject: 'alice',
    audiences: ['signet'],
    authorizedParty: undefined,
  })
  const more = { aud: ['a', 'b'], azp: 'c', nbf: 0, amr: ['mfa'], other: { any: [1] } }
  assert.deepEqual(readClaims({ ...right, ...more }), {
    subject: 'alice',
    audiences: ['a', 'b'],
    authorizedParty: 'c',
  })
})

test('the error names a claim of the wrong type', () => {
  const text = ['sub', 'aud', 'iss', 'azp'].map((name) => [name, 'text'] as const)
  const number = ['exp', 'iat', 'nbf'].map((name) => [name, 'number'] as const)
  const notText = fc.oneof(
    fc.constantFrom(null, true, 0, 'a\0b', '\ud800', {}, [1], [null], ['a', 1], [['a']]),
    fc.double(),
    fc.object(),
  )
  const notNumber = fc.constantFrom(null, '1', true, Number.NaN, Number.POSITIVE_INFINITY, [1], {})
  fc.assert(
    fc.property(fc.constantFrom(...text, ...number), notText, notNumber, (claim, a, b) => {
      const [name, type] = claim
      const value: unknown = type === 'text' ? a : b
      assert.deepEqual(readClaims({ ...right, [name]: value }), { wrong: name })
    }),
    { seed: 1010 },
  )
  for (const list of [[], ['alice'], ['a', 'b']])
    assert.deepEqual(readClaims({ ...right, sub: list }), { wrong: 'sub' })
  assert.deepEqual(readClaims({ ...right, aud: [] }), { wrong: 'aud' })
  for (const amr of [1, null, [1], { a: 'b' }])
    assert.deepEqual(readClaims({ ...right, amr }), { wrong: 'amr' })
  for (const name of ['sub', 'aud', 'iss', 'exp', 'iat'])
    assert.deepEqual(readClaims({ ...right, [name]: undefined }), { wrong: name })
})
