import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from './error.ts'
import { contextTag, DerReader, readOnly, readOnlyNested, tags } from './reader.ts'
import {
  isNull,
  readAll,
  readBitStringBytes,
  readBoolean,
  readIntegerBytes,
  readSmallInteger,
  readUnsignedBytes,
} from './values.ts'
import {
  encodeBitString,
  encodeBoolean,
  encodeElement,
  encodeNamedBits,
  encodeOctetString,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
  encodeUnsigned,
} from './writer.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const element = (hex: string) => new DerReader(bytes(hex), 'test').any()

test('definite, minimal lengths of every size are read', () => {
  for (const length of [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000]) {
    const content = new Uint8Array(length).fill(7)
    const der = encodeOctetString(content)
    assert.deepEqual(readOnly(der, tags.octetString, 'x').content, content)
  }
})

test('every other length is refused', () => {
  const cases: [string, RegExp][] = [
    ['04', /truncated/],
    ['0401', /truncated/],
    ['048001 00 0000', /indefinite/],
    ['048101 00', /not minimal/],
    ['04817f', /not minimal/],
    ['04820080', /not minimal/],
    ['0483000100', /not minimal/],
    ['0485 0100000000', /too large/],
    ['04ff', /too large/],
    ['0484ffffffff', /truncated/],
    ['1f8101 00', /tag of more than one byte/],
  ]
  for (const [hex, text] of cases)
    assert.throws(() => element(hex), { name: 'DerError', message: text }, hex)
})

test('unexpected tags and trailing data are refused', () => {
  assert.throws(
    () => readOnly(bytes('0500'), tags.sequence, 'Name'),
    /Name has tag 0x05 where 0x30 is expected/,
  )
  assert.throws(
    () => readOnly(bytes(''), tags.sequence, 'Name'),
    /Name ends where tag 0x30 is expected/,
  )
  assert.throws(() => readOnly(bytes('0500 00'), tags.null, 'x'), /trailing data/)
  const reader = readOnlyNested(bytes('3003 020105'), tags.sequence, 'x')
  assert.equal(reader.optional(contextTag(0, true)), undefined)
  assert.equal(readSmallInteger(reader.element(tags.integer), 'x', 9), 5)
  reader.end()
})

test('values are read only in their DER encoding', () => {
  assert.equal(readBoolean(element('0101ff'), 'x'), true)
  assert.equal(readBoolean(element('010100'), 'x'), false)
  for (const hex of ['010101', '0100', '0102ffff'])
    assert.throws(() => readBoolean(element(hex), 'x'), DerError)
  for (const hex of ['0200', '02020001', '0202007f', '0202ffff', '0202ff80'])
    assert.throws(() => readIntegerBytes(element(hex), 'x'), DerError, hex)
  assert.deepEqual(readIntegerBytes(element('0202ff7f'), 'x'), bytes('ff7f'))
  assert.throws(() => readUnsignedBytes(element('0201ff'), 'x'), /negative/)
  assert.deepEqual(readUnsignedBytes(element('02020080'), 'x'), bytes('80'))
  assert.throws(() => readSmallInteger(element('02020100'), 'x', 255), /more than 255/)
  assert.throws(() => readSmallInteger(element('0209010000000000000000'), 'x', 9), /more than 9/)
  assert.deepEqual(readBitStringBytes(element('030200ff'), 'x'), bytes('ff'))
  for (const hex of ['0300', '030201fe'])
    assert.throws(() => readBitStringBytes(element(hex), 'x'), DerError)
  assert.equal(isNull(bytes('0500')), true)
  assert.equal(isNull(bytes('050100')), false)
  assert.throws(() => readAll(new DerReader(bytes('050005000500'), 'x'), 'list', 2), /more than 2/)
})

test('named bits are written without trailing zeros, and sets in order', () => {
  const hex = (der: Uint8Array): string => Buffer.from(der).toString('hex')
  assert.equal(hex(encodeNamedBits([])), '030100')
  assert.equal(hex(encodeNamedBits([0])), '03020780')
  assert.equal(hex(encodeNamedBits([0, 5, 6])), '03020186')
  assert.equal(hex(encodeNamedBits([8])), '0303070080')
  assert.equal(hex(encodeSetOf([bytes('020102'), bytes('020101')])), '3106020101020102')
  assert.equal(hex(encodeBoolean(true)), '0101ff')
  assert.equal(hex(encodeBitString(bytes('aa'))), '030200aa')
  assert.equal(
    hex(encodeSequence(encodeSmallInteger(0), encodeSmallInteger(128))),
    '300702010002020080',
  )
})

test('integers of any magnitude survive a round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (magnitude) => {
      const content = readUnsignedBytes(new DerReader(encodeUnsigned(magnitude), 'x').any(), 'x')
      const value = (list: Uint8Array): bigint => BigInt(`0x0${Buffer.from(list).toString('hex')}`)
      assert.equal(value(content), value(magnitude))
      assert.notEqual(content[0], 0)
    }),
  )
})

test('any bytes are refused, or read as an element that is encoded as the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
      try {
        const { tag, content, der } = new DerReader(input, 'x').any()
        assert.deepEqual(encodeElement(tag, content), Uint8Array.from(der))
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
