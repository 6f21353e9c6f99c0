import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findIdentityProvider } from '../store/identity-providers.ts'
import { asStorableText, isStorableText, nearestStorable, storable } from './storable-text.ts'

test('text with U+0000 or half of a surrogate pair cannot be stored in a database', () => {
  for (const text of ['', 'a', '\u0001\n', 'Zürich', '🔐', '\uffff'])
    assert.ok(isStorableText(text), JSON.stringify(text))
  for (const text of ['\0', 'a\0b', '\ud800', '\udc00\ud800', 'a\udfff']) {
    assert.equal(asStorableText(text), undefined, JSON.stringify(text))
    assert.throws(() => storable(text), RangeError)
  }
  assert.equal(nearestStorable('a\0b\ud800'), 'a\ufffdb\ufffd')
  for (const value of [null, undefined, 5, ['a'], { length: 0 }])
    assert.equal(asStorableText(value), undefined)
})

test('unchecked text does not have the type that the store requires', () => {
  const unchecked: string = 'https://issuer.example.com'
  // @ts-expect-error -- the type must reject unchecked text
  const find = () => findIdentityProvider(neverAsked, { accountId: '1', issuer: unchecked })
  assert.equal(typeof find, 'function')
})

const neverAsked = {} as Parameters<typeof findIdentityProvider>[0]
