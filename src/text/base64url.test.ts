import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64url } from './base64url.ts'

test('base64url is decoded exactly if encoding the bytes again returns the text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url')
      assert.deepEqual(decodeBase64url(text), Buffer.from(bytes))
      assert.equal(decodeBase64url(`${text}=`), undefined)
      assert.equal(decodeBase64url(`${text}\n`), undefined)
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = decodeBase64url(text)
      if (bytes !== undefined) assert.equal(bytes.toString('base64url'), text)
    }),
  )
})

test('text with bits that no encoding has is not base64url', () => {
  for (const text of ['e31', 'A', 'AB', 'AAB', 'AA==', 'a+b/', 'ü', ' AAAA'])
    assert.equal(decodeBase64url(text), undefined, text)
  for (const value of [undefined, null, 1, {}, ['AAAA']])
    assert.equal(decodeBase64url(value), undefined)
})
