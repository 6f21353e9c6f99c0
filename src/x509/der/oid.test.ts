import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from './error.ts'
import { decodeOid, encodeOid, isOid, oidName, oids } from './oid.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

test('known object identifiers are read and written', () => {
  for (const [dotted, hex] of [
    ['2.5.4.3', '550403'],
    ['1.2.840.113549.1.1.11', '2a864886f70d01010b'],
    ['2.999.3', '883703'],
    ['0.0', '00'],
    ['2.40', '78'],
    ['1.39', '4f'],
    ['2.25.329800735698586629295641978511506172918', '6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776'],
  ] as const) {
    assert.equal(Buffer.from(encodeOid(dotted)).toString('hex'), hex)
    assert.equal(decodeOid(bytes(hex)), dotted)
  }
})

test('text and bytes that are not object identifiers are refused', () => {
  for (const text of [
    '',
    '1',
    '3.1',
    '1.40',
    '0.99',
    '1.2.',
    '.1.2',
    '1..2',
    '1.02',
    '01.2',
    '1.2.x',
    '1.2 ',
    `1.2${'.1'.repeat(200)}`,
  ]) {
    assert.equal(isOid(text), false, text)
    assert.throws(() => encodeOid(text), DerError)
  }
  for (const hex of ['', '80', '8001', '2a8001', '2a86', 'ff'.repeat(200) + '7f'])
    assert.throws(() => decodeOid(bytes(hex)), DerError, hex)
})

test('every object identifier survives a round trip', () => {
  const arcs = fc.array(fc.bigInt({ min: 0n, max: 2n ** 70n }), { maxLength: 6 })
  const heads = fc.oneof(
    fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt({ min: 0n, max: 39n })),
    fc.tuple(fc.constant(2n), fc.bigInt({ min: 0n, max: 2n ** 70n })),
  )
  fc.assert(
    fc.property(heads, arcs, (head, rest) => {
      const dotted = [...head, ...rest].join('.')
      assert.equal(decodeOid(encodeOid(dotted)), dotted)
    }),
  )
})

test('any bytes are refused, or read as an object identifier that is encoded as the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (content) => {
      try {
        assert.deepEqual(encodeOid(decodeOid(content)), content)
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('object identifiers of up to 128 bytes survive a round trip, and longer ones are refused', () => {
  const arc = fc.oneof(
    fc.constantFrom([0x7f], [0x09], [0x83, 0x00], [0xff, 0x7f]),
    fc.constant([1]),
  )
  fc.assert(
    fc.property(fc.array(arc, { minLength: 1, maxLength: 140 }), (arcs) => {
      const content = Uint8Array.from(arcs.flat())
      if (content.length > 128) assert.throws(() => decodeOid(content), DerError)
      else assert.deepEqual(encodeOid(decodeOid(content)), content)
    }),
    { numRuns: 2000, seed: 1 },
  )
  const longest = decodeOid(new Uint8Array(128).fill(0x7f))
  assert.equal(longest.length, 512)
  assert.equal(isOid(longest), true)
  assert.equal(isOid(`${longest}.1`), false)
  // An arc of 128 bytes has at most 270 digits.
  assert.equal(isOid(`2.${'9'.repeat(300)}`), false)
})

test('oidName returns the name of a known object identifier', () => {
  assert.equal(oidName(oids.sha1WithRsaEncryption), 'sha1WithRsaEncryption')
  assert.equal(oidName('1.2.3'), '1.2.3')
})
