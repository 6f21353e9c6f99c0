/** Tests that serial numbers in any form are converted to the same stored form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerReader, tags } from './der/reader.ts'
import { encodeUnsigned } from './der/writer.ts'
import {
  paddedSerialNumber,
  parseCertificateSerial,
  recordedSerialNumber,
  serialNumberKey,
} from './serial-number-text.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')

/** Parses a string and returns the 16 bytes in hexadecimal, or any other result unchanged. */
function read(text: string): string | undefined {
  const parsed = parseCertificateSerial(text)
  return parsed instanceof Uint8Array ? hexOf(parsed) : parsed
}

const storedMax = (1n << 128n) - 1n
/** Numbers of all lengths with equal probability, so that leading zeros occur. */
const numbers = fc.nat(128).chain((bits) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }))
const storedHex = (number: bigint): string => number.toString(16).padStart(32, '0')

/** Every form in which clients write a number, with digits in any case. */
const forms = fc.record({
  zeros: fc.nat(8),
  colons: fc.constantFrom<'none' | 'whole' | 'short'>('none', 'whole', 'short'),
  prefix: fc.constantFrom('', '0x', '0X'),
  cases: fc.infiniteStream(fc.boolean()),
})

type Form = typeof forms extends fc.Arbitrary<infer T> ? T : never

function textOf(number: bigint, { zeros, colons, prefix, cases }: Form): string {
  const digits = '0'.repeat(zeros) + number.toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  const grouped = even.replaceAll(/(..)(?=.)/g, '$1:')
  const text =
    colons === 'none' ? digits : colons === 'whole' ? grouped : grouped.replace(/^0(?=.)/, '')
  const mixed = Array.from(text, (digit) =>
    cases.next().value === true ? digit.toUpperCase() : digit,
  )
  return prefix + mixed.join('')
}

test('a number in any form is converted to the stored form', () => {
  fc.assert(
    fc.property(numbers, forms, (number, form) => {
      assert.equal(read(textOf(number, form)), storedHex(number))
    }),
    { numRuns: 2000 },
  )
})

test('the forms of OpenSSL, AWS, Terraform and audit reports are read', () => {
  for (const text of [
    '0f:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd',
    'f:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd',
    'f00112233445566778899aabbccdd',
    '0x0F00112233445566778899AABBCCDD',
    '000f00112233445566778899aabbccdd',
    '00:0f:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd',
    `${'0'.repeat(90)}f00112233445566778899aabbccdd`,
  ])
    assert.equal(read(text), '000f00112233445566778899aabbccdd', text)
  assert.equal(read('0'), '0'.repeat(32))
  assert.equal(read('ff'.repeat(16)), 'ff'.repeat(16))
})

test('a number of more than 16 bytes is unknown, in any form', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: storedMax + 1n, max: (1n << 200n) - 1n }),
      forms,
      (number, form) => {
        assert.equal(read(textOf(number, form)), 'unknown')
      },
    ),
  )
})

test('text that is not hexadecimal, and colons that are not between bytes, are refused', () => {
  for (const text of [
    '',
    ' ',
    '0x',
    '0X',
    '0x0x1',
    'x1',
    '-1',
    '+1',
    '1 2',
    ' 1',
    '1\n',
    '1.0',
    'g',
    '１',
    ':',
    ':01',
    '01:',
    '01::02',
    '01:2',
    '01:2:03',
    '001:02',
    '0102:03',
    '01-02',
    '01:0x02',
  ])
    assert.equal(read(text), undefined, JSON.stringify(text))
})

test('any text is parsed, unrecognized or refused, and the parser never throws', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 128 }),
    fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABCDEFxX:- '.split('')),
      maxLength: 128,
    }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseCertificateSerial(text)
      if (parsed instanceof Uint8Array) {
        assert.equal(parsed.length, 16)
        assert.equal(
          BigInt(`0x${hexOf(parsed)}`),
          BigInt(`0x${text.replace(/^0x/i, '').replaceAll(':', '')}`),
        )
      } else if (parsed === undefined) assert.doesNotMatch(text, /^[0-9a-f]+$/i)
      else assert.equal(parsed, 'unknown')
    }),
    { numRuns: 2000 },
  )
})

test('long texts are refused quickly', () => {
  const started = performance.now()
  for (const text of [`${'0'.repeat(1e5)}g`, '01:'.repeat(5e4), `${'01:'.repeat(5e4)}g`])
    assert.equal(read(text), undefined)
  assert.ok(performance.now() - started < 1000)
})

test('the INTEGER of a number has the same stored form as its text', () => {
  fc.assert(
    fc.property(numbers, forms, (number, form) => {
      const magnitude = Buffer.from(number.toString(16).padStart(40, '0'), 'hex')
      const { content } = new DerReader(encodeUnsigned(magnitude), 'x').element(tags.integer)
      const recorded = recordedSerialNumber(content)
      assert.equal(recorded && hexOf(recorded), read(textOf(number, form)))
    }),
  )
})

test('recordedSerialNumber returns undefined for an INTEGER that is negative or longer than 16 bytes', () => {
  const recorded = (hex: string): string | undefined => {
    const found = recordedSerialNumber(Buffer.from(hex, 'hex'))
    return found && hexOf(found)
  }
  assert.equal(recorded('80'), undefined)
  assert.equal(recorded('ff'), undefined)
  assert.equal(recorded(`8${'0'.repeat(31)}`), undefined)
  assert.equal(recorded(`01${'00'.repeat(16)}`), undefined)
  assert.equal(recorded(`00${'ff'.repeat(17)}`), undefined)
  assert.equal(recorded(`00${'ff'.repeat(16)}`), 'ff'.repeat(16))
  assert.equal(recorded(`7f${'00'.repeat(15)}`), `7f${'00'.repeat(15)}`)
  assert.equal(recorded('00'), '0'.repeat(32))
  assert.equal(recorded(''), '0'.repeat(32))
})

test('a serial number of any CA has one padded form and one key, with or without leading zeros', () => {
  const bits = fc.nat(200).chain((count) => fc.bigInt({ min: 0n, max: (1n << BigInt(count)) - 1n }))
  fc.assert(
    fc.property(bits, fc.nat(4), (number, zeros) => {
      const hex = number === 0n ? '' : number.toString(16)
      const significant = hex.padStart(hex.length + (hex.length % 2), '0')
      const bytes = Buffer.from('00'.repeat(zeros) + significant, 'hex')
      assert.equal(serialNumberKey(bytes), significant)
      assert.equal(hexOf(paddedSerialNumber(bytes)), significant.padStart(32, '0'))
    }),
  )
})
