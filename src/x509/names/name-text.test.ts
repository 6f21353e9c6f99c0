/** Tests that an RFC 2253 parser recovers the attributes from the text form of names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from '../der/error.ts'
import { tags } from '../der/reader.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { nameText, nameTextOf } from './name-text.ts'
import { encodeName, parseName, type Name } from './name.ts'
import { encodeOidElement, oids } from '../der/oid.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')

interface Attribute {
  readonly type: string
  readonly valueDer: Uint8Array
}

const utf8 = (value: string): Uint8Array =>
  encodeElement(tags.utf8String, Buffer.from(value, 'utf8'))

function nameOf(rdns: readonly (readonly Attribute[])[]): Name {
  const set = (rdn: readonly Attribute[]): Uint8Array =>
    encodeElement(
      tags.set,
      ...rdn.map(({ type, valueDer }) => encodeSequence(encodeOidElement(type), valueDer)),
    )
  return parseName(encodeSequence(...rdns.map(set)))
}

const oneValue = (value: string, type: string = oids.commonName): string =>
  nameText(nameOf([[{ type, valueDer: utf8(value) }]]))

test('the last RDN comes first, and attributes of an RDN keep their order', () => {
  const name = encodeName([
    { type: oids.countryName, value: 'DE' },
    { type: oids.stateOrProvinceName, value: 'Berlin' },
    { type: oids.localityName, value: 'Mitte' },
    { type: oids.organizationName, value: 'Example' },
    { type: oids.organizationalUnitName, value: 'Test' },
    { type: oids.commonName, value: 'www.example.com' },
  ])
  assert.equal(
    nameText(parseName(name)),
    'CN=www.example.com,OU=Test,O=Example,L=Mitte,ST=Berlin,C=DE',
  )
  const several = nameOf([
    [{ type: oids.organizationName, valueDer: utf8('O') }],
    [
      { type: oids.organizationalUnitName, valueDer: utf8('b') },
      { type: oids.commonName, valueDer: utf8('a') },
    ],
  ])
  assert.equal(nameText(several), 'OU=b+CN=a,O=O')
  assert.equal(nameText(parseName(encodeSequence())), '')
})

test('the examples of RFC 2253 §5 are formatted as in the RFC', () => {
  assert.equal(oneValue('L. Eagle'), 'CN=L. Eagle')
  assert.equal(
    oneValue('Sue, Grabbit and Runn', oids.organizationName),
    String.raw`O=Sue\, Grabbit and Runn`,
  )
  assert.equal(oneValue('Before\rAfter'), 'CN=Before\rAfter')
  const number = nameOf([
    [{ type: '1.3.6.1.4.1.1466.0', valueDer: Buffer.from('04024869', 'hex') }],
  ])
  assert.equal(nameText(number), '1.3.6.1.4.1.1466.0=#04024869')
  assert.equal(oneValue('Lučić', oids.surname), `2.5.4.4=#${hexOf(utf8('Lučić'))}`)
})

test('characters are escaped once, as RFC 2253 §2.4 requires', () => {
  for (const [value, text] of [
    ['', ''],
    [' ', String.raw`\ `],
    ['  ', String.raw`\ \ `],
    ['   ', String.raw`\  \ `],
    [' a ', String.raw`\ a\ `],
    ['a b', 'a b'],
    ['#', String.raw`\#`],
    ['#a#', String.raw`\#a#`],
    [' #', String.raw`\ #`],
    ['# ', String.raw`\#\ `],
    ['\\', '\\\\'],
    ['\\ ', '\\\\\\ '],
    [' \\', '\\ \\\\'],
    ['a,b+c"d\\e<f>g;h', String.raw`a\,b\+c\"d\\e\<f\>g\;h`],
    ['a=b', 'a=b'],
    ['\n', '\n'],
    ['\n ', '\n\\ '],
    [' \n', '\\ \n'],
  ] as const)
    assert.equal(oneValue(value), `CN=${text}`, JSON.stringify(value))
})

test('a non-string value is formatted as hexadecimal, with and without a keyword', () => {
  const valueDer = encodeElement(tags.octetString, Buffer.from('a,b'))
  assert.equal(nameText(nameOf([[{ type: oids.commonName, valueDer }]])), 'CN=#0403612c62')
  assert.equal(nameText(nameOf([[{ type: '2.5.4.97', valueDer }]])), '2.5.4.97=#0403612c62')
})

test('strings of every type are formatted as text', () => {
  for (const [tag, content] of [
    [tags.printableString, Buffer.from('abc')],
    [tags.ia5String, Buffer.from('abc')],
    [tags.visibleString, Buffer.from('abc')],
    [tags.teletexString, Buffer.from('abc')],
    [tags.bmpString, Buffer.from('006100620063', 'hex')],
    [tags.universalString, Buffer.from('000000610000006200000063', 'hex')],
  ] as const)
    assert.equal(
      nameText(nameOf([[{ type: oids.commonName, valueDer: encodeElement(tag, content) }]])),
      'CN=abc',
    )
  const digits = encodeElement(tags.numericString, Buffer.from('123'))
  assert.equal(nameText(nameOf([[{ type: oids.commonName, valueDer: digits }]])), 'CN=123')
})

/** An attribute that was parsed from text. A value with `#` is kept as hexadecimal. */
type ReadAttribute = readonly [type: string, value: string, isHex: boolean]

const typeOfKeyword: Record<string, string> = {
  CN: oids.commonName,
  OU: oids.organizationalUnitName,
  O: oids.organizationName,
  L: oids.localityName,
  ST: oids.stateOrProvinceName,
  C: oids.countryName,
}

/**
 * Parses the grammar of RFC 2253 §3, except for the quoted values of LDAP version 2. The last RDN comes first, as in the text.
 * Throws for a character that must be escaped.
 */
function readText(text: string): ReadAttribute[][] {
  if (text === '') return []
  const rdns: ReadAttribute[][] = [[]]
  let at = 0
  for (;;) {
    const [whole, type = '', hex] =
      /^([A-Z]+|\d+(?:\.\d+)+)=(#(?:[0-9a-f]{2})+)?/.exec(text.slice(at)) ?? []
    assert.ok(whole !== undefined, `expected an attribute at ${at} of ${text}`)
    at += whole.length
    const oid = typeOfKeyword[type] ?? type
    const value = hex === undefined ? readValue(text, at) : { value: hex.slice(1), end: at }
    rdns.at(-1)?.push([oid, value.value, hex !== undefined])
    at = value.end
    if (at === text.length) return rdns
    if (text[at] === ',') rdns.push([])
    else assert.equal(text[at], '+')
    at += 1
  }
}

function readValue(text: string, start: number): { readonly value: string; readonly end: number } {
  let value = ''
  let end = start
  let lastIsPlainSpace = false
  for (; end < text.length && text[end] !== ',' && text[end] !== '+'; end += 1) {
    const isEscaped = text[end] === '\\'
    if (isEscaped) end += 1
    const character = text[end]
    assert.ok(character !== undefined, 'no character follows the backslash')
    if (isEscaped) assert.match(character, /[,+"\\<>;# ]/)
    else assert.doesNotMatch(character, end === start ? /["<>;# ]/ : /["<>;]/)
    lastIsPlainSpace = !isEscaped && character === ' '
    value += character
  }
  assert.ok(!lastIsPlainSpace, 'a trailing space is not escaped')
  return { value, end }
}

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(' ', '#', ',', '+', '"', '\\', '<', '>', ';', '=', 'a', '\n', 'é', '😀'),
    maxLength: 8,
  }),
)
const isWhole = (text: string): boolean => text.isWellFormed()
const attributes = fc.record({
  type: fc.constantFrom(...Object.values(typeOfKeyword), oids.surname, '1.2.3.4', '2.999.1'),
  valueDer: fc.oneof(
    { weight: 4, arbitrary: texts.filter(isWhole).map(utf8) },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 10 })
        .map((content) => encodeElement(tags.octetString, content)),
    },
  ),
})

test('a parser recovers every attribute from the text', () => {
  const rdn = fc.array(attributes, { minLength: 1, maxLength: 4 })
  const keyworded = new Set(Object.values(typeOfKeyword))
  fc.assert(
    fc.property(fc.array(rdn, { maxLength: 6 }), (rdns) => {
      const expected = rdns
        .toReversed()
        .map((parts) =>
          parts.map(({ type, valueDer }) =>
            keyworded.has(type) && valueDer[0] === tags.utf8String
              ? [type, parseName(nameOf([[{ type, valueDer }]]).der).rdns[0]?.[0]?.value, false]
              : [type, hexOf(valueDer), true],
          ),
        )
      assert.deepEqual(readText(nameText(nameOf(rdns))), expected)
    }),
    { numRuns: 2000 },
  )
})

test('the fast path for plain names returns the same text as parsing', () => {
  const character = fc.oneof(
    fc.constantFrom(...Array.from(' abz09-./:=?#,+"\\<>;@_&é')),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  )
  const type = fc.constantFrom(
    oids.commonName,
    oids.organizationName,
    oids.countryName,
    oids.domainComponent,
    '2.5.4.5',
  )
  const attribute = fc.record({ type, value: fc.string({ unit: character, maxLength: 20 }) })
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 6 }), (named) => {
      const der = encodeName(named.filter(({ value }) => value !== ''))
      assert.equal(nameTextOf(der), nameText(parseName(der)))
    }),
    { numRuns: 3000 },
  )
  const long = encodeName([{ type: oids.commonName, value: 'x'.repeat(500) }])
  assert.equal(nameTextOf(long), `CN=${'x'.repeat(500)}`)
})

test('truncated names are refused, and damaged names have the same result as parsing', () => {
  const der = encodeName([
    { type: oids.countryName, value: 'DE' },
    { type: oids.commonName, value: 'a.example' },
  ])
  for (let length = 0; length < der.length; length += 1)
    assert.throws(() => nameTextOf(der.subarray(0, length)), DerError)
  for (let at = 0; at < der.length; at += 1) {
    const changed = Uint8Array.from(der)
    changed[at] = (changed[at] ?? 0) ^ 0x41
    const expected = textOrError(() => nameText(parseName(changed)))
    assert.equal(
      textOrError(() => nameTextOf(changed)),
      expected,
      `byte ${at}`,
    )
  }
})

function textOrError(text: () => string): string | undefined {
  try {
    return text()
  } catch (error) {
    assert.ok(error instanceof DerError)
    return undefined
  }
}
