import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../der/writer.ts'
import {
  encodeName,
  formatName,
  isEmptyName,
  parseName,
  parseTextsOf,
  sameName,
  type NameAttribute,
} from './name.ts'
import { encodeOid, encodeOidElement, oids } from '../der/oid.ts'
import { tags } from '../der/reader.ts'

const name = (...attributes: readonly NameAttribute[]) => parseName(encodeName(attributes))
const withTag = (type: string, tag: number, value: string | Uint8Array) =>
  parseName(
    encodeSequence(
      encodeSetOf([
        encodeSequence(encodeOidElement(type), encodeElement(tag, Buffer.from(value as string))),
      ]),
    ),
  )

test('encodeName uses the string types of RFC 5280', () => {
  const { rdns } = name(
    { type: oids.countryName, value: 'DE' },
    { type: oids.organizationName, value: 'Ö' },
    { type: oids.serialNumber, value: '007' },
    { type: oids.dnQualifier, value: 'q' },
    { type: oids.domainComponent, value: 'example' },
    { type: oids.emailAddress, value: 'a@b' },
    { type: oids.serialNumber, value: 'not_printable' },
    { type: '1.2.3.4', value: 'x' },
  )
  assert.deepEqual(
    rdns.map(([attribute]) => attribute?.tag),
    [
      tags.printableString,
      tags.utf8String,
      tags.printableString,
      tags.printableString,
      tags.ia5String,
      tags.ia5String,
      tags.utf8String,
      tags.utf8String,
    ],
  )
})

test('any attributes survive a round trip, in order', () => {
  const attribute = fc.record(
    {
      type: fc.oneof(fc.constant(oids.commonName), fc.constantFrom(...Object.values(oids))),
      value: fc.string({ unit: 'grapheme', maxLength: 20 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 10 }), (attributes) => {
      const parsed = name(...attributes)
      assert.deepEqual(
        parsed.rdns.map(([first]) => ({ type: first?.type, value: first?.value })),
        attributes,
      )
      assert.equal(isEmptyName(parsed), attributes.length === 0)
      assert.ok(sameName(parsed, name(...attributes)))
      assert.deepEqual(
        parseTextsOf(encodeOid(oids.commonName), parsed.der),
        attributes.filter(({ type }) => type === oids.commonName).map(({ value }) => value),
      )
    }),
  )
})

test('sameName compares names by RFC 5280, not by bytes', () => {
  const cn = (value: string) => name({ type: oids.commonName, value })
  assert.ok(sameName(cn('Example CA'), cn('  example   ca ')))
  assert.ok(sameName(cn('Example'), withTag(oids.commonName, tags.printableString, 'EXAMPLE')))
  assert.ok(sameName(cn('é'), cn('e\u0301')))
  assert.ok(
    sameName(
      cn('ab'),
      withTag(oids.commonName, tags.bmpString, Buffer.from('ab', 'utf16le').swap16()),
    ),
  )
  assert.equal(sameName(cn('a'), cn('b')), false)
  assert.equal(sameName(cn('a'), name({ type: oids.organizationName, value: 'a' })), false)
  assert.equal(sameName(cn('a'), name()), false)
  const two = (first: string, second: string) =>
    parseName(
      encodeSequence(
        encodeElement(
          tags.set,
          ...[first, second].map((value) =>
            encodeSequence(
              encodeOidElement(oids.commonName),
              encodeElement(tags.utf8String, Buffer.from(value)),
            ),
          ),
        ),
      ),
    )
  assert.ok(sameName(two('a', 'b'), two('b', 'a')))
})

test('a value that contains a separator is not equal to two values', () => {
  const a = name({ type: oids.commonName, value: 'a","2.5.4.3=b' })
  const b = name({ type: oids.commonName, value: 'a' })
  assert.equal(sameName(a, b), false)
})

test('a text that looks like a hexadecimal value does not match that value', () => {
  const value = withTag(oids.commonName, tags.octetString, 'a')
  const text = name({ type: oids.commonName, value: '#040161' })
  assert.equal(value.rdns[0]?.[0]?.value, text.rdns[0]?.[0]?.value)
  assert.equal(sameName(value, text), false)
  assert.ok(sameName(value, parseName(Uint8Array.from(value.der))))
})

test('formatName replaces control characters and truncates long names', () => {
  const shown = formatName(
    name({ type: oids.commonName, value: 'a,b\n"c"' }, { type: '1.2.3', value: 'x' }),
  )
  assert.equal(shown, String.raw`"CN=a\,b?\"c\", 1.2.3=x"`)
  assert.ok(formatName(name({ type: oids.commonName, value: '😀'.repeat(5000) })).length < 500)
})

test('strings that are invalid for their type are refused, and non-string values are shown as hexadecimal', () => {
  assert.throws(() => withTag(oids.commonName, tags.utf8String, Buffer.from([0xff])), DerError)
  assert.throws(() => withTag(oids.commonName, tags.printableString, Buffer.from('é')), DerError)
  assert.throws(() => withTag(oids.commonName, tags.ia5String, Buffer.from([0x80])), DerError)
  assert.throws(() => withTag(oids.commonName, tags.bmpString, Buffer.from('abc')), DerError)
  assert.throws(
    () => withTag(oids.commonName, tags.universalString, Buffer.from([0, 0x11, 0, 0])),
    DerError,
  )
  assert.throws(() => withTag(oids.commonName, tags.numericString, 'a'), DerError)
  assert.equal(
    withTag(oids.commonName, tags.teletexString, Buffer.from([0xe9])).rdns[0]?.[0]?.value,
    'é',
  )
  assert.equal(withTag(oids.commonName, tags.octetString, 'a').rdns[0]?.[0]?.value, '#040161')
  assert.throws(() => parseName(Uint8Array.of(0x30, 0x02, 0x31, 0x00)), DerError)
})

test('the error for an invalid string states its attribute, RDN and character', () => {
  const errorMessage = (tag: number, content: Uint8Array): string => {
    const rdn = (type: string, element: Uint8Array): Uint8Array =>
      encodeSetOf([encodeSequence(encodeOidElement(type), element)])
    const good = rdn(oids.countryName, encodeElement(tags.printableString, Buffer.from('DE')))
    const bad = rdn(oids.commonName, encodeElement(tag, content))
    try {
      parseName(encodeSequence(good, bad))
    } catch (error) {
      assert.ok(error instanceof DerError)
      return error.message
    }
    return assert.fail('the name was accepted')
  }
  const place = 'commonName in RDN 2: '
  const cases: [number, Uint8Array, string][] = [
    [tags.printableString, Buffer.from('a|b'), "PrintableString has U+007C '|' at character 2"],
    [tags.printableString, Buffer.from('a\0b'), 'PrintableString has U+0000 at character 2'],
    [tags.numericString, Buffer.from('12x'), "NumericString has U+0078 'x' at character 3"],
    [tags.ia5String, Buffer.from('aé', 'latin1'), "IA5String has U+00E9 'é' at character 2"],
    [tags.visibleString, Buffer.from('é', 'latin1'), "VisibleString has U+00E9 'é' at character 1"],
  ]
  for (const [tag, content, message] of cases)
    assert.equal(errorMessage(tag, content), `${place}${message}, which is not allowed in it`)
  const utf8Cases: [number[], string][] = [
    [[0x61, 0xff], 'at byte 2, which is 0xFF'],
    [[0xc3], 'at byte 1, which is 0xC3'],
    [[0xef, 0xbf], 'at byte 1, which is 0xEF'],
    [[0x61, 0xef, 0x41], 'at byte 2, which is 0xEF'],
    [[0xef, 0xbf, 0xbd, 0xf0, 0x9f], 'at byte 4, which is 0xF0'],
    [[0xef, 0xbf, 0xbd, 0x80], 'at byte 4, which is 0x80'],
    [[0xc0, 0x80], 'at byte 1, which is 0xC0'],
  ]
  for (const [bytes, message] of utf8Cases)
    assert.equal(
      errorMessage(tags.utf8String, Uint8Array.from(bytes)),
      `${place}UTF8String is not UTF-8 ${message}`,
    )
  for (const codePoint of [0x11_00_00, 0xd8_00, 0xdf_ff, 0xff_ff_ff_ff]) {
    const content = Buffer.alloc(8)
    content.writeUInt32BE(0x61)
    content.writeUInt32BE(codePoint, 4)
    assert.match(
      errorMessage(tags.universalString, content),
      /^commonName in RDN 2: UniversalString has 0x[0-9A-F]+ at character 2, which is not a Unicode character/,
    )
  }
})
