import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hmacHex, hmacKey } from './hmac-key.ts'

test('the HMAC equals the HMAC of node:crypto for any key and text', () => {
  const latin1 = fc
    .uint8Array({ maxLength: 1000, size: 'max' })
    .map((octets) => Buffer.from(octets))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), latin1, (key, octets) => {
      const expected = createHmac('sha256', key).update(octets).digest('hex')
      assert.equal(hmacHex(hmacKey(key), octets.toString('latin1')), expected)
    }),
  )
})

test('the HMAC matches the test cases of RFC 4231', () => {
  const hi = hmacHex(hmacKey(Buffer.alloc(20, 0x0b)), 'Hi There')
  assert.equal(hi, 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
  const jefe = hmacHex(hmacKey(Buffer.from('Jefe')), 'what do ya want for nothing?')
  assert.equal(jefe, '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

test('a key longer than a block is refused', () => {
  assert.throws(() => hmacKey(Buffer.alloc(65)), RangeError)
})
