import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64Body, encodeBase64Body } from './base64-body.ts'
import { EstError } from './est-error.ts'

function refusal(body: string | Uint8Array): string {
  try {
    decodeBase64Body(Buffer.from(body))
  } catch (error) {
    assert.ok(error instanceof EstError)
    assert.equal(error.status, 400)
    return error.message
  }
  assert.fail('the body was decoded')
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 })

test('base64 is decoded, whatever white space it contains', () => {
  const spaces = fc.stringMatching(/^[\t\n\r ]{0,3}$/)
  fc.assert(
    fc.property(bytes, fc.array(spaces, { minLength: 1, maxLength: 20 }), (der, breaks) => {
      const text = Buffer.from(der)
        .toString('base64')
        .replaceAll(/./g, (character, at: number) => `${breaks[at % breaks.length]}${character}`)
      assert.deepEqual(Uint8Array.from(decodeBase64Body(Buffer.from(`${text}\r\n`))), der)
    }),
    { seed: 22 },
  )
})

test('a written body has lines of at most 76 characters that end with CRLF, and is read back', () => {
  fc.assert(
    fc.property(bytes, (der) => {
      const body = encodeBase64Body(der)
      assert.match(body, /^(?:[A-Za-z0-9+/=]{1,76}\r\n)+$/)
      assert.deepEqual(Uint8Array.from(decodeBase64Body(Buffer.from(body))), der)
    }),
    { seed: 23 },
  )
})

test('a body that is not base64 is refused, and the message names its form', () => {
  assert.match(refusal(''), /it is empty/)
  assert.match(refusal('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END'), /it is PEM/)
  assert.match(refusal(Uint8Array.of(0x30, 0x82, 0x01, 0x00)), /it is DER/)
  for (const text of ['AAA', 'AAB=', 'AA-_', 'A', 'AAAA=', 'AAAA!', 'AAAA\0', '====', ' \n'])
    assert.match(refusal(text), /RFC 4648/, text)
})

test('a character outside the alphabet is never ignored', () => {
  const other = fc
    .integer({ min: 0, max: 255 })
    .filter((byte) => !/[\t\n\r A-Za-z0-9+/=]/.test(String.fromCodePoint(byte)))
  fc.assert(
    fc.property(bytes, other, fc.nat(), (der, byte, at) => {
      const body = Buffer.from(encodeBase64Body(der))
      body[at % body.length] = byte
      refusal(body)
    }),
    { seed: 24 },
  )
})
