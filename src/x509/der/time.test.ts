import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from './error.ts'
import { DerReader, tags } from './reader.ts'
import { encodeElement } from './writer.ts'
import {
  daysLeft,
  encodeTime,
  firstValidSecond,
  isExpiredAt,
  millisecondsLeft,
  readTime,
} from './time.ts'

const read = (der: Uint8Array): Date => readTime(new DerReader(der, 'x'), 'time')
const text = (der: Uint8Array): string =>
  `${der[0] === tags.utcTime ? 'UTC' : 'Gen'} ${Buffer.from(der.subarray(2)).toString()}`

test('encodeTime writes UTCTime through 2049 and GeneralizedTime from 2050', () => {
  assert.equal(text(encodeTime(new Date('2049-12-31T23:59:59.999Z'))), 'UTC 491231235959Z')
  assert.equal(text(encodeTime(new Date('2050-01-01T00:00:00Z'))), 'Gen 20500101000000Z')
  assert.equal(text(encodeTime(new Date('1950-01-01T00:00:00Z'))), 'UTC 500101000000Z')
  assert.equal(text(encodeTime(new Date('9999-12-31T23:59:59Z'))), 'Gen 99991231235959Z')
  assert.throws(() => encodeTime(new Date('1949-12-31T23:59:59Z')), RangeError)
  assert.throws(() => encodeTime(new Date(8.64e15)), RangeError)
  assert.throws(() => encodeTime(new Date(Number.NaN)), RangeError)
})

test('a certificate is valid until the end of the second in notAfter', () => {
  const notAfter = new Date('2026-03-01T08:00:00Z')
  const at = (milliseconds: number): Date => new Date(notAfter.getTime() + milliseconds)
  for (const [milliseconds, isExpired] of [
    [-1, false],
    [0, false],
    [1, false],
    [999, false],
    [1000, true],
    [1001, true],
  ] as const) {
    assert.equal(isExpiredAt(notAfter, at(milliseconds)), isExpired, String(milliseconds))
    assert.equal(millisecondsLeft(notAfter, at(milliseconds)), 1000 - milliseconds)
    const isListed = notAfter.getTime() / 1000 >= firstValidSecond(at(milliseconds))
    assert.equal(isListed, !isExpired, String(milliseconds))
    assert.equal(daysLeft(notAfter, at(milliseconds)), isExpired ? -1 : 0)
  }
})

test('every second survives a round trip', () => {
  const dates = fc.date({
    min: new Date('1950-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, (date) => {
      assert.equal(read(encodeTime(date)).getTime(), Math.floor(date.getTime() / 1000) * 1000)
    }),
  )
})

test('other forms of time and nonexistent dates are refused', () => {
  const utc = [
    '2601010000Z',
    '260101000000',
    '260101000000+0000',
    '261301000000Z',
    '260229000000Z',
    '260101240000Z',
    '260101006000Z',
    '26010100000aZ',
    '',
  ]
  for (const value of utc)
    assert.throws(() => read(encodeElement(tags.utcTime, Buffer.from(value))), DerError, value)
  for (const value of ['20260101000000.5Z', '202601010000Z', '20260101000000', '20260230000000Z'])
    assert.throws(
      () => read(encodeElement(tags.generalizedTime, Buffer.from(value))),
      DerError,
      value,
    )
  assert.throws(() => read(Uint8Array.of(0x05, 0)), DerError)
})

test('years before 100 are read unchanged', () => {
  assert.equal(
    read(encodeElement(tags.generalizedTime, Buffer.from('00500101000000Z'))).getUTCFullYear(),
    50,
  )
})
