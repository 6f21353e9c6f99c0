import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { systemRandom } from './random.ts'
import { createAuthenticator, createSealer, SealError } from './sealer.ts'

const key = Uint8Array.from({ length: 32 }, (_, index) => index)
const sealer = createSealer(key, systemRandom)
const overhead = 12 + 16

test('any sealed plaintext can be opened in its context', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 5000 }),
      (context, plaintext) => {
        const sealed = sealer.seal(context, plaintext)
        assert.equal(sealed.length, plaintext.length + overhead)
        assert.deepEqual(Uint8Array.from(sealer.open(context, sealed)), plaintext)
      },
    ),
  )
})

test('sealed bytes with a changed bit, a missing end or an additional byte cannot be opened', () => {
  const sealed = sealer.seal('context', Buffer.from('secret'))
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const altered = Uint8Array.from(sealed)
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => sealer.open('context', altered), SealError)
  }
  for (let length = 0; length < sealed.length; length += 1)
    assert.throws(() => sealer.open('context', sealed.subarray(0, length)), SealError)
  assert.throws(() => sealer.open('context', Buffer.concat([sealed, Buffer.of(0)])), SealError)
})

test('sealed bytes cannot be opened with another context or another key', () => {
  const sealed = sealer.seal('a', Buffer.from('secret'))
  for (const context of ['', 'A', 'a\0', 'aa'])
    assert.throws(() => sealer.open(context, sealed), SealError)
  const other = createSealer(systemRandom.bytes(32), systemRandom)
  assert.throws(() => other.open('a', sealed), SealError)
  assert.equal(Buffer.from(sealer.open('a', sealed)).toString(), 'secret')
})

test('arbitrary bytes cannot be opened, and the error is a SealError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => sealer.open('context', bytes), SealError)
    }),
  )
})

test('each call of seal uses a new nonce', () => {
  const sealed = Array.from({ length: 50 }, () =>
    Buffer.from(sealer.seal('a', Buffer.from('secret'))),
  )
  assert.equal(new Set(sealed.map((bytes) => bytes.toString('hex', 0, 12))).size, 50)
  assert.equal(new Set(sealed.map((bytes) => bytes.toString('hex', 12))).size, 50)
})

test('sealed bytes are nonce, tag and ciphertext, with the ciphertext of test case 16 of AES-256-GCM', () => {
  // Test vectors from McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B.
  const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
  const nonce = hex('cafebabefacedbaddecaf888')
  const specified = createSealer(
    hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
    {
      bytes: () => nonce,
    },
  )
  const plaintext = hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
      '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  )
  const sealed = Buffer.from(specified.seal('', plaintext)).toString('hex')
  assert.equal(
    sealed.slice(24 + 32),
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  )
  assert.equal(sealed.slice(0, 24), 'cafebabefacedbaddecaf888')
})

test('an authenticator accepts only its own MACs', () => {
  const other = Uint8Array.from({ length: 32 }, () => 7)
  const [both, one] = [createAuthenticator(() => [key, other]), createAuthenticator(() => [other])]
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 16, maxLength: 16 }), (value, mac) => {
      assert.ok(both.isValid(value, both.macOf(value)))
      assert.ok(both.isValid(value, one.macOf(value)))
      assert.ok(!one.isValid(value, both.macOf(value)))
      assert.ok(!both.isValid(value, mac))
      assert.ok(!both.isValid(value, both.macOf(value).subarray(0, 15)))
      assert.ok(!both.isValid(value, new Uint8Array()))
    }),
  )
  assert.throws(() => createAuthenticator(() => []).macOf(key), /at least one key/)
})
