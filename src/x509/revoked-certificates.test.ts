/** Tests of CRL entries: round trips, entries at the end of a buffer, and malformed entries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from './der/error.ts'
import { tags } from './der/reader.ts'
import { encodeElement, encodeSequence, encodeUnsigned } from './der/writer.ts'
import { encodeExtensions, type Extension } from './extensions/extensions.ts'
import { oids } from './der/oid.ts'
import {
  readRevokedCertificates,
  RevokedCertificatesWriter,
  type RevokedCertificate,
} from './revoked-certificates.ts'
import { encodeTime } from './der/time.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const numberOf = (value: Uint8Array): bigint => BigInt(`0x0${hexOf(value)}`)

const reasonCodes = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]

/** Serial numbers that have high bits and leading zeros more often than random bytes. */
const serialNumbers = fc
  .tuple(
    fc.constantFrom('', '00', '0000', '80', 'ff', '0080', '7f'),
    fc.uint8Array({ minLength: 1, maxLength: 18 }),
  )
  .map(([first, rest]) => Uint8Array.from([...bytes(first), ...rest]))

/** Whole seconds from 1950 to 9999, including the first and last second of UTCTime and of GeneralizedTime. */
const dates = fc.oneof(
  fc.constantFrom(
    '1950-01-01T00:00:00Z',
    '1999-12-31T23:59:59Z',
    '2049-12-31T23:59:59Z',
    '2050-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ),
  fc
    .integer({
      min: Date.parse('1950-01-01T00:00:00Z') / 1000,
      max: Date.parse('9999-12-31T23:59:59Z') / 1000,
    })
    .map((seconds) => new Date(seconds * 1000).toISOString()),
)

const entries = fc.record({
  serialNumber: serialNumbers,
  revocationDate: dates.map((text) => new Date(text)),
  reasonCode: fc.constantFrom(...reasonCodes),
})

/** Encodes an entry (RFC 5280 §5.1) with the general encoders. */
function naiveEntry({ serialNumber, revocationDate, reasonCode }: RevokedCertificate): Uint8Array {
  const value = encodeElement(tags.enumerated, Uint8Array.of(reasonCode))
  const reason = encodeExtensions([{ oid: oids.reasonCode, critical: false, value }])
  return encodeSequence(
    encodeUnsigned(serialNumber),
    encodeTime(revocationDate),
    ...(reasonCode === 0 ? [] : [reason]),
  )
}

function writerWith(list: readonly RevokedCertificate[]): RevokedCertificatesWriter {
  const writer = new RevokedCertificatesWriter()
  for (const entry of list) writer.add(entry)
  return writer
}

/** Returns the values of entries in a form that ignores leading zeros. */
function facts(list: Iterable<RevokedCertificate>): readonly unknown[] {
  return Array.from(list, (entry) => [
    numberOf(entry.serialNumber),
    entry.revocationDate.toISOString(),
    entry.reasonCode,
  ])
}

test('any entries survive a round trip', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 30 }), (list) => {
      const writer = writerWith(list)
      const content = Buffer.concat(writer.pieces())
      assert.equal(hexOf(content), hexOf(Buffer.concat(list.map(naiveEntry))))
      assert.equal(writer.entries, list.length)
      assert.equal(writer.size, content.length)
      assert.deepEqual(facts(readRevokedCertificates(content)), facts(list))
    }),
  )
})

test('three megabytes of entries have the same bytes as the general encoding', () => {
  const [list] = fc.sample(fc.array(entries, { minLength: 4000, maxLength: 4000, size: 'max' }), {
    numRuns: 1,
    seed: 1,
  })
  assert.ok(list)
  const expected = Buffer.concat(list.map(naiveEntry))
  const times = Math.ceil((3 * 1024 * 1024) / expected.length)
  const writer = new RevokedCertificatesWriter()
  for (let time = 0; time < times; time += 1) for (const entry of list) writer.add(entry)
  const pieces = writer.pieces()
  assert.ok(pieces.length >= 3)
  for (const piece of pieces) assert.ok(piece.length <= 1024 * 1024)
  assert.equal(writer.size, expected.length * times)
  assert.equal(writer.entries, list.length * times)
  const content = Buffer.concat(pieces)
  for (let time = 0; time < times; time += 1) {
    const start = time * expected.length
    assert.ok(content.subarray(start, start + expected.length).equals(expected))
  }
})

/** Entries of 35, 36 and 56 bytes. No entry is longer than 56 bytes. */
const short: RevokedCertificate = {
  serialNumber: new Uint8Array(16).fill(0x7f),
  revocationDate: new Date('2026-01-01T00:00:00Z'),
  reasonCode: 0,
}
const longer = { ...short, serialNumber: new Uint8Array(17).fill(0x7f) }
const longest: RevokedCertificate = {
  serialNumber: new Uint8Array(20).fill(0xff),
  revocationDate: new Date('2050-01-01T00:00:00Z'),
  reasonCode: 10,
}

test('no entry is split or lost at the end of a buffer, at any offset', () => {
  const lengths = [short, longer, longest].map((entry) => naiveEntry(entry).length)
  assert.deepEqual(lengths, [35, 36, 56])
  const shorts = Math.floor((1024 * 1024) / 35) - 40
  const start = shorts * 35
  for (let longs = 0; longs < 36; longs += 1) {
    const writer = new RevokedCertificatesWriter()
    for (let entry = 0; entry < shorts; entry += 1) writer.add(short)
    const tail = Array.from({ length: 60 }, (_, at) =>
      at < longs ? longer : at % 2 === 0 ? longest : short,
    )
    for (const entry of tail) writer.add(entry)
    assert.equal(writer.pieces().length, 2)
    const content = Buffer.concat(writer.pieces())
    assert.equal(content.length, writer.size)
    assert.ok(content.subarray(start).equals(Buffer.concat(tail.map(naiveEntry))))
  }
})

test('pieces that are taken before the last entry is added do not change', () => {
  const writer = writerWith([short])
  const first = Buffer.concat(writer.pieces())
  writer.add(longest)
  assert.ok(first.equals(naiveEntry(short)))
  assert.ok(Buffer.concat(writer.pieces()).equals(Buffer.concat([short, longest].map(naiveEntry))))
})

test('an unused writer has no entries and no bytes', () => {
  const writer = new RevokedCertificatesWriter()
  assert.equal(Buffer.concat(writer.pieces()).length, 0)
  assert.deepEqual([writer.entries, writer.size], [0, 0])
})

test('a refused entry leaves no bytes in the output', () => {
  for (const bad of [
    { ...short, serialNumber: new Uint8Array(21).fill(1) },
    { ...short, serialNumber: new Uint8Array(21) },
    { ...short, revocationDate: new Date('1949-12-31T23:59:59Z') },
    { ...short, revocationDate: new Date('+010000-01-01T00:00:00Z') },
    { ...short, revocationDate: new Date(Number.NaN) },
    ...[-1, 7, 11, 1.5, Number.NaN].map((reasonCode) => ({ ...longest, reasonCode })),
  ]) {
    const writer = writerWith([short])
    assert.throws(() => writer.add(bad), RangeError)
    writer.add(longest)
    assert.equal(writer.entries, 2)
    assert.equal(
      hexOf(Buffer.concat(writer.pieces())),
      hexOf(Buffer.concat([short, longest].map(naiveEntry))),
    )
  }
})

test('fractions of a second are dropped, including before 1970', () => {
  for (const text of ['1969-12-31T23:59:59', '2026-03-01T08:15:30']) {
    const [entry] = readRevokedCertificates(
      Buffer.concat(writerWith([{ ...short, revocationDate: new Date(`${text}.999Z`) }]).pieces()),
    )
    assert.equal(entry?.revocationDate.toISOString(), `${text}.000Z`)
  }
})

const date = encodeTime(new Date('2026-01-01T00:00:00Z'))
const one = encodeUnsigned(Uint8Array.of(1))

function withExtensions(...extensions: readonly Extension[]): Uint8Array {
  return encodeSequence(one, date, encodeExtensions(extensions))
}

function reasonOf(valueHex: string, critical = false): Extension {
  return { oid: oids.reasonCode, critical, value: bytes(valueHex) }
}

test('malformed entries are refused', () => {
  for (const [title, content] of Object.entries({
    'no date': encodeSequence(one),
    'no serial number': encodeSequence(date),
    'a serial number that is not minimal': encodeSequence(bytes('02020001'), date),
    'an element after the extensions': encodeSequence(one, date, encodeExtensions([]), one),
    'a SET': encodeElement(tags.set, one, date),
    'reason code 7': withExtensions(reasonOf('0a0107')),
    'reason code 11': withExtensions(reasonOf('0a010b')),
    'a reason code of two bytes': withExtensions(reasonOf('0a020001')),
    'an empty reason code': withExtensions(reasonOf('0a00')),
    'a reason code that is an INTEGER': withExtensions(reasonOf('020101')),
    'trailing data after the reason code': withExtensions(reasonOf('0a01010500')),
    'two reason codes': withExtensions(reasonOf('0a0101'), reasonOf('0a0101')),
    'a tag without a length': Uint8Array.of(0x30),
  }))
    assert.throws(() => [...readRevokedCertificates(content)], DerError, title)
})

test('an encoded reason code 0, and extensions other than the reason code, are read', () => {
  const invalidityDate = {
    oid: '2.5.29.24',
    critical: false,
    value: bytes('180f32303236303130313030303030305a'),
  }
  const content = Buffer.concat([
    withExtensions(reasonOf('0a0100')),
    withExtensions(invalidityDate, reasonOf('0a0104')),
    withExtensions(invalidityDate),
  ])
  assert.deepEqual(
    Array.from(readRevokedCertificates(content), ({ reasonCode }) => reasonCode),
    [0, 4, 0],
  )
})

test('truncated or changed entries are read as other entries, or refused with a DerError', () => {
  fc.assert(
    fc.property(
      fc.array(entries, { minLength: 1, maxLength: 4 }),
      fc.record({ position: fc.nat(), byte: fc.nat(255), cut: fc.boolean() }),
      (list, { position, byte, cut }) => {
        const content = Buffer.concat(writerWith(list).pieces())
        const at = position % content.length
        if (!cut) content[at] = byte
        try {
          const read = [...readRevokedCertificates(cut ? content.subarray(0, at) : content)]
          assert.ok(read.length <= list.length * 8)
          if (cut) assert.ok(read.length < list.length)
        } catch (error) {
          assert.ok(error instanceof DerError, String(error))
        }
      },
    ),
    { numRuns: 2000 },
  )
})
