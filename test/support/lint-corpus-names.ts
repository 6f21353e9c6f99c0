/** The subjects and subject alternative names in the lint corpus. */
import { tags } from '../../src/x509/der/reader.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../../src/x509/der/writer.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import type { RuleName } from '../../src/lint/rules.ts'
import type { NameCase } from './lint-corpus.ts'

const attribute = (type: string, tag: number, value: Uint8Array): Uint8Array =>
  encodeSequence(encodeOidElement(type), encodeElement(tag, value))
const subject = (type: string, tag: number, value: Uint8Array): Uint8Array =>
  encodeSequence(encodeSetOf([attribute(type, tag, value)]))

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8')
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const utf16 = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16()
const utf32 = (...codePoints: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(codePoints.length * 4)
  for (const [index, codePoint] of codePoints.entries()) bytes.writeUInt32BE(codePoint, index * 4)
  return bytes
}

type Row = readonly [string, string, number, Uint8Array, readonly RuleName[]]

const { commonName, countryName, organizationName, organizationalUnitName } = oids
const uniqueIdentifier = '2.5.4.45'
const postalAddress = '2.5.4.16'

const utf8Rows: readonly Row[] = [
  ['a UTF8String', commonName, tags.utf8String, utf8('Жё日本🔒'), []],
  ['a name of 64 characters', commonName, tags.utf8String, utf8('ß'.repeat(64)), []],
  ['NUL', commonName, tags.utf8String, utf8('a\0b'), ['name-control-characters']],
  ['a line feed', organizationName, tags.utf8String, utf8('a\nb'), ['name-control-characters']],
  ['an escape', organizationName, tags.utf8String, utf8('\u001B[2J'), ['name-control-characters']],
  ['DEL', organizationName, tags.utf8String, utf8('a\u007F'), ['name-control-characters']],
  [
    'a C1 control',
    organizationName,
    tags.utf8String,
    utf8('\u009B1m'),
    ['name-control-characters'],
  ],
  [
    'a noncharacter',
    organizationName,
    tags.utf8String,
    utf8('a\uFFFE'),
    ['name-control-characters'],
  ],
  [
    'a right-to-left override',
    organizationName,
    tags.utf8String,
    utf8('a\u202Eb'),
    ['name-invisible-characters'],
  ],
  ['an empty UTF8String', organizationalUnitName, tags.utf8String, utf8(''), ['name-value-empty']],
  ['a single space', organizationalUnitName, tags.utf8String, utf8(' '), ['name-value-blank']],
  ['an empty custom attribute', '1.2.3.4', tags.utf8String, utf8(''), ['name-value-empty']],
  [
    'an organization of 65 characters',
    organizationName,
    tags.utf8String,
    utf8('ß'.repeat(65)),
    ['name-value-length'],
  ],
  [
    'a locality of 129 characters',
    oids.localityName,
    tags.utf8String,
    utf8('a'.repeat(129)),
    ['name-value-length'],
  ],
  ['overlong UTF-8', commonName, tags.utf8String, Uint8Array.of(0xc0, 0x80), ['strict-der']],
  [
    'a surrogate in UTF-8',
    commonName,
    tags.utf8String,
    Uint8Array.of(0xed, 0xa0, 0x80),
    ['strict-der'],
  ],
  [
    'Latin-1 in a UTF8String',
    commonName,
    tags.utf8String,
    Uint8Array.of(0x61, 0xe4),
    ['strict-der'],
  ],
]

const asciiRows: readonly Row[] = [
  ['a PrintableString', commonName, tags.printableString, latin1("a'()+,-./:=?Z9 "), []],
  ...Array.from('@_*&!#$%;<>[]^{|}~"`\\').map((character): Row => [
    `${character} in a PrintableString`,
    commonName,
    tags.printableString,
    latin1(`a${character}`),
    '@_*&'.includes(character) ? ['name-characters'] : ['strict-der'],
  ]),
  ['NUL in a PrintableString', commonName, tags.printableString, latin1('a\0'), ['strict-der']],
  ['an empty PrintableString', commonName, tags.printableString, latin1(''), ['name-value-empty']],
  ['a letter in a NumericString', '1.2.3.4', tags.numericString, latin1('1a'), ['strict-der']],
  ['a NumericString', '1.2.3.4', tags.numericString, latin1('1 2'), []],
  ['an IA5String', oids.domainComponent, tags.ia5String, latin1('example'), []],
  ['an email address', oids.emailAddress, tags.ia5String, latin1('a@example.com'), []],
  [
    'an 8-bit character in an IA5String',
    oids.emailAddress,
    tags.ia5String,
    latin1('ä@b.c'),
    ['strict-der'],
  ],
  [
    'NUL in an IA5String',
    oids.domainComponent,
    tags.ia5String,
    latin1('a\0b'),
    ['name-control-characters'],
  ],
  ['a country', countryName, tags.printableString, latin1('DE'), []],
  [
    'a country of one letter',
    countryName,
    tags.printableString,
    latin1('D'),
    ['name-value-length'],
  ],
  [
    'a country of three letters',
    countryName,
    tags.printableString,
    latin1('DEU'),
    ['name-value-length'],
  ],
  ['a country in UTF-8', countryName, tags.utf8String, utf8('DE'), ['name-string-type']],
  ['a serial number in UTF-8', oids.serialNumber, tags.utf8String, utf8('1'), ['name-string-type']],
  [
    'a domain component in UTF-8',
    oids.domainComponent,
    tags.utf8String,
    utf8('a'),
    ['name-string-type'],
  ],
  [
    'an email address in UTF-8',
    oids.emailAddress,
    tags.utf8String,
    utf8('a@b.c'),
    ['name-string-type'],
  ],
  ['a qualifier in UTF-8', oids.dnQualifier, tags.utf8String, utf8('q'), ['name-string-type']],
  ['a commonName in IA5String', commonName, tags.ia5String, latin1('a'), ['name-string-type']],
  ['a VisibleString', commonName, tags.visibleString, latin1('a'), ['subject-value-types']],
]

const wideRows: readonly Row[] = [
  ['a BMPString', commonName, tags.bmpString, utf16('日本'), ['name-legacy-string']],
  [
    'a surrogate pair in a BMPString',
    commonName,
    tags.bmpString,
    utf16('🔒'),
    ['name-legacy-string', 'name-characters'],
  ],
  [
    'a high surrogate in a BMPString',
    commonName,
    tags.bmpString,
    utf16('a\uD800'),
    ['name-legacy-string', 'name-characters'],
  ],
  [
    'a low surrogate in a BMPString',
    commonName,
    tags.bmpString,
    utf16('\uDC00a'),
    ['name-legacy-string', 'name-characters'],
  ],
  [
    'surrogates in the wrong order',
    commonName,
    tags.bmpString,
    utf16('\uDC00\uD800'),
    ['name-legacy-string', 'name-characters'],
  ],
  [
    'an odd number of bytes in a BMPString',
    commonName,
    tags.bmpString,
    Uint8Array.of(0, 0x61, 0),
    ['strict-der'],
  ],
  [
    'an empty BMPString',
    commonName,
    tags.bmpString,
    utf16(''),
    ['name-legacy-string', 'name-value-empty'],
  ],
  [
    'NUL in a BMPString',
    commonName,
    tags.bmpString,
    utf16('a\0'),
    ['name-legacy-string', 'name-control-characters'],
  ],
  [
    'a UniversalString',
    commonName,
    tags.universalString,
    utf32(0x61, 0x1_f5_12),
    ['subject-value-types'],
  ],
  [
    'a surrogate in a UniversalString',
    commonName,
    tags.universalString,
    utf32(0xd8_00),
    ['strict-der'],
  ],
  [
    'a pair of surrogates in a UniversalString',
    commonName,
    tags.universalString,
    utf32(0xd8_3d, 0xdd_12),
    ['strict-der'],
  ],
  [
    'a character beyond Unicode in a UniversalString',
    commonName,
    tags.universalString,
    utf32(0x11_00_00),
    ['strict-der'],
  ],
  [
    'an incomplete character in a UniversalString',
    commonName,
    tags.universalString,
    Uint8Array.of(0, 0, 0, 0x61, 0),
    ['strict-der'],
  ],
  [
    'a TeletexString',
    commonName,
    tags.teletexString,
    latin1('ä'),
    ['name-legacy-string', 'name-characters'],
  ],
  ['a TeletexString of ASCII', commonName, tags.teletexString, latin1('a'), ['name-legacy-string']],
  [
    'an escape in a TeletexString',
    commonName,
    tags.teletexString,
    latin1('\u001B('),
    ['name-legacy-string', 'name-control-characters'],
  ],
  ['an INTEGER', commonName, tags.integer, Uint8Array.of(1), ['subject-value-types']],
  [
    'a BIT STRING as commonName',
    commonName,
    tags.bitString,
    Uint8Array.of(0, 1),
    ['subject-value-types'],
  ],
  [
    'a unique identifier',
    uniqueIdentifier,
    tags.bitString,
    Uint8Array.of(4, 0x10),
    ['name-string-type'],
  ],
  [
    'a BIT STRING with unused bits set to 1',
    uniqueIdentifier,
    tags.bitString,
    Uint8Array.of(4, 0x1f),
    ['name-string-type', 'subject-value-types'],
  ],
  [
    'a BIT STRING with eight unused bits',
    uniqueIdentifier,
    tags.bitString,
    Uint8Array.of(8, 0),
    ['name-string-type', 'subject-value-types'],
  ],
  [
    'a BIT STRING without content',
    uniqueIdentifier,
    tags.bitString,
    Uint8Array.of(),
    ['name-string-type', 'subject-value-types'],
  ],
  [
    'a BIT STRING in an attribute of another type',
    '2.5.4.2',
    tags.bitString,
    Uint8Array.of(0, 1),
    ['subject-value-types'],
  ],
  [
    'a SEQUENCE in an attribute of another type',
    '1.2.3.4',
    tags.sequence,
    Uint8Array.of(),
    ['subject-value-types'],
  ],
  [
    'an attribute type with a 32-bit arc',
    '1.2.2147483648',
    tags.utf8String,
    utf8('a'),
    ['object-identifier-size'],
  ],
  [
    'a postal address',
    postalAddress,
    tags.sequence,
    encodeElement(tags.utf8String, utf8('a')),
    ['name-string-type'],
  ],
  [
    'a truncated SEQUENCE',
    postalAddress,
    tags.sequence,
    Uint8Array.of(0x0c, 5, 0x61),
    ['name-string-type', 'subject-value-types'],
  ],
]

const first = attribute(commonName, tags.utf8String, utf8('a'))
const second = attribute(organizationName, tags.utf8String, utf8('b'))
const sameType = attribute(commonName, tags.utf8String, utf8('b'))
const setOf = (...attributes: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeElement(tags.set, ...attributes))

const setCases: readonly NameCase[] = [
  { title: 'an RDN of two attributes', subject: setOf(first, second), breaks: [] },
  { title: 'an RDN that is not sorted', subject: setOf(second, first), breaks: ['name-set-order'] },
  {
    title: 'an RDN with the same attribute type twice',
    subject: setOf(first, sameType),
    breaks: ['name-repeated-attribute'],
  },
  { title: 'an RDN without attributes', subject: setOf(), breaks: ['strict-der'] },
]

const sanOf = (tag: number, content: Uint8Array): Uint8Array =>
  encodeSequence(encodeElement(tag, content))
const dns = (text: string): Uint8Array => sanOf(0x82, latin1(text))
const mail = (text: string): Uint8Array => sanOf(0x81, latin1(text))
const uri = (text: string): Uint8Array => sanOf(0x86, latin1(text))
const label = 'a'.repeat(63)

const texts: readonly (readonly [
  string,
  (text: string) => Uint8Array,
  RuleName | undefined,
  readonly string[],
])[] = [
  [
    'dNSName',
    dns,
    undefined,
    [
      'a',
      'example.com',
      '*.example.com',
      'xn--bcher-kva.example',
      '192.0.2.1',
      `${label}.com`,
      'A-1.b',
    ],
  ],
  ['dNSName', dns, 'dns-name-form', ['_dmarc.example.com', 'a_b', '-a.com', 'a-.com']],
  [
    'dNSName',
    dns,
    'dns-name',
    [
      '',
      ' ',
      'a b',
      'a..b',
      '.example.com',
      'example.com.',
      '*',
      'a.*.b',
      'f*.example.com',
      '*.*.com',
      `${label}a.com`,
      Array(5).fill(label).join('.'),
      'https://a',
      'a:443',
      'a/b',
      'a@b',
      '.',
    ],
  ],
  ['dNSName', dns, 'subject-alternative-name', ['a\0.com', 'a\n', 'ä.com', '\u007F']],
  [
    'rfc822Name',
    mail,
    undefined,
    [
      'a@example.com',
      'a.b+c@d',
      '"a b"@example.com',
      'a@[192.0.2.1]',
      'a@[IPv6:2001:db8::1]',
      'a..b@example.com',
    ],
  ],
  [
    'rfc822Name',
    mail,
    'mail-address',
    [
      '',
      ' ',
      'a',
      'a@',
      '@example.com',
      'a b@example.com',
      'A <a@example.com>',
      'a@b@',
      'a@example..com',
      'a@[x]',
      'a@[IPv6:fe80::1%a]',
    ],
  ],
  ['rfc822Name', mail, 'subject-alternative-name', ['a\0@b', 'ä@b']],
  [
    'URI',
    uri,
    undefined,
    [
      'https://example.com/a?b=c#d',
      'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      'spiffe://example.com/ns/a',
      'ldap:///CN=a?b',
      'file:///a',
      'http://user@example.com:8080/',
      'http://[2001:db8::1]:80/',
      'http://192.0.2.1/%20',
      'mailto:a@b',
    ],
  ],
  [
    'URI',
    uri,
    'uri',
    [
      '',
      ' ',
      'a',
      '/a/b',
      '//example.com/',
      'example.com/a',
      'http:',
      'http://',
      'http:///a',
      'http://a b/',
      'http://example.com./',
      'http://a..b/',
      'http://a/%zz',
      'http://a/{b}',
      'http://[::g]/',
      'http://[::%g]/',
      'http://[fe80::1%25eth0]/',
      'http://a:b/',
      'http://a/#b#c',
      '1http://a/',
    ],
  ],
  ['URI', uri, 'subject-alternative-name', ['http://a/\0', 'http://ä/']],
]

const directoryName = (name: Uint8Array): Uint8Array => sanOf(0xa4, name)
const otherName = (...value: readonly Uint8Array[]): Uint8Array =>
  sanOf(
    0xa0,
    Buffer.concat([encodeOidElement('1.3.6.1.4.1.311.20.2.3'), encodeElement(0xa0, ...value)]),
  )
const party = (...parts: readonly Uint8Array[]): Uint8Array => sanOf(0xa5, Buffer.concat(parts))
const utf8Element = (text: string): Uint8Array => encodeElement(tags.utf8String, utf8(text))

const otherCases: readonly (readonly [string, Uint8Array, readonly RuleName[]])[] = [
  ['no GeneralNames', encodeSequence(), ['subject-alternative-name']],
  ['an iPAddress of five bytes', sanOf(0x87, new Uint8Array(5)), ['subject-alternative-name']],
  ['an empty iPAddress', sanOf(0x87, new Uint8Array()), ['subject-alternative-name']],
  ['an IPv6 address', sanOf(0x87, new Uint8Array(16)), []],
  ['an unknown GeneralName choice', sanOf(0x89, new Uint8Array(1)), ['subject-alternative-name']],
  ['a registeredID', sanOf(0x88, Uint8Array.of(0x2a, 3)), []],
  ['a registeredID without arcs', sanOf(0x88, new Uint8Array()), ['subject-alternative-name']],
  [
    'a registeredID with an overlong arc',
    sanOf(0x88, Uint8Array.of(0x2a, 0x80, 3)),
    ['subject-alternative-name'],
  ],
  ['a directoryName', directoryName(encodeSequence(encodeElement(tags.set, first))), []],
  ['an empty directoryName', directoryName(encodeSequence()), ['directory-name']],
  [
    'a control character in a directoryName',
    directoryName(subject(commonName, tags.utf8String, utf8('\0'))),
    ['name-control-characters'],
  ],
  ['an otherName', otherName(utf8Element('a@b')), []],
  ['an empty otherName', otherName(utf8Element('')), ['name-value-empty']],
  ['an otherName without a value', otherName(), ['subject-alternative-name']],
  [
    'an otherName with two values',
    otherName(utf8Element('a'), utf8Element('b')),
    ['subject-alternative-name'],
  ],
  [
    'an otherName that is not UTF-8',
    otherName(encodeElement(tags.utf8String, Uint8Array.of(0xff))),
    ['other-name'],
  ],
  ['an otherName with NUL', otherName(utf8Element('a\0')), ['name-control-characters']],
  [
    'an otherName with malformed DER',
    otherName(encodeSequence(Uint8Array.of(4, 5, 0))),
    ['other-name'],
  ],
  ['an ediPartyName', party(encodeElement(0xa1, utf8Element('a'))), []],
  ['an empty ediPartyName', party(encodeElement(0xa1, utf8Element(''))), ['name-value-empty']],
  [
    'an ediPartyName that is not a string',
    party(encodeElement(0xa1, Uint8Array.of(5, 0))),
    ['edi-party-name'],
  ],
  [
    'an ediPartyName without a partyName',
    party(encodeElement(0xa0, utf8Element('a'))),
    ['edi-party-name'],
  ],
  [
    'an x400Address that is not DER',
    sanOf(0xa3, encodeSequence(Uint8Array.of(4, 5, 0))),
    ['x400-address'],
  ],
]

export const nameCases: readonly NameCase[] = [
  ...[...utf8Rows, ...asciiRows, ...wideRows].map(([title, type, tag, value, breaks]) => ({
    title: `subject: ${title}`,
    subject: subject(type, tag, value),
    breaks,
  })),
  ...setCases,
  ...texts.flatMap(([kind, encode, rule, values]) =>
    values.map((value) => ({
      title: `${kind} ${JSON.stringify(value)}`,
      subjectAltName: encode(value),
      breaks: rule === undefined ? [] : [rule],
    })),
  ),
  ...otherCases.map(([title, subjectAltName, breaks]) => ({ title, subjectAltName, breaks })),
]
