import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeUri, parseUri } from './uri.ts'

const text = (max: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: max })
    .filter((value) => Buffer.byteLength(value) <= max)
    .filter((value) => Buffer.from(value).toString() === value)
const tokenKey = fc.record({
  token: text(32),
  label: text(255),
  id: fc.uint8Array({ minLength: 1, maxLength: 255 }),
})

test('a key survives encoding and parsing', () => {
  fc.assert(
    fc.property(tokenKey, (key) => {
      assert.deepEqual(parseUri(encodeUri(key)), { ...key, id: Uint8Array.from(key.id) })
    }),
  )
})

test('a URI has only characters that RFC 7512 permits in a path, and begins with the scheme', () => {
  fc.assert(
    fc.property(tokenKey, (key) => {
      const value = '(?:[A-Za-z0-9\\-._~]|%[0-9A-F]{2})+'
      assert.match(
        encodeUri(key),
        new RegExp(`^pkcs11:token=${value};object=${value};id=(?:%[0-9A-F]{2})+;type=private$`),
      )
    }),
  )
})

test('different keys have different URIs', () => {
  fc.assert(
    fc.property(tokenKey, tokenKey, (one, other) => {
      const isSame =
        one.token === other.token &&
        one.label === other.label &&
        Buffer.compare(one.id, other.id) === 0
      assert.equal(encodeUri(one) === encodeUri(other), isSame)
    }),
  )
})

test('a URI that is accepted is the only encoding of its key', () => {
  const pieces = fc.constantFrom('a', 'A', '%41', '%61', '%2f', '%2F', '/', ';', '=', '%', '%C3%A9')
  const value = fc.array(pieces, { maxLength: 4 }).map((all) => all.join(''))
  fc.assert(
    fc.property(value, value, value, (token, label, id) => {
      const uri = `pkcs11:token=${token};object=${label};id=${id};type=private`
      const key = parseUri(uri)
      if (key !== undefined) assert.equal(encodeUri(key), uri)
    }),
  )
})

test('other texts are rejected', () => {
  const valid = encodeUri({ token: 'my token', label: 'key', id: Uint8Array.of(0, 255) })
  assert.equal(valid, 'pkcs11:token=my%20token;object=key;id=%00%FF;type=private')
  for (const uri of [
    '',
    'pkcs11:',
    'pkcs11:1',
    `${valid}-not`,
    `${valid};slot-id=1`,
    `${valid}?pin-value=1234`,
    valid.replace('pkcs11:', 'PKCS11:'),
    valid.replace('type=private', 'type=public'),
    valid.replace('%FF', '%ff'),
    valid.replace('%20', ' '),
    valid.replace('object=key;', ''),
    valid.replace('my%20token', '%80'),
    valid.replace('my%20token', 'x'.repeat(33)),
    'local:key',
  ])
    assert.equal(parseUri(uri), undefined, uri)
})

test('empty and overlong values cannot be encoded', () => {
  const key = { token: 't', label: 'l', id: Uint8Array.of(1) }
  for (const wrong of [
    { token: '' },
    { token: 'é'.repeat(17) },
    { token: '\uD800' },
    { label: '' },
    { label: 'l'.repeat(256) },
    { id: new Uint8Array() },
    { id: new Uint8Array(256) },
  ])
    assert.throws(() => encodeUri({ ...key, ...wrong }), TypeError)
})
