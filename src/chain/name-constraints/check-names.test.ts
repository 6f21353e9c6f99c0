import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  alternativeNames,
  caExtensions,
  craft,
  directory,
  ip,
  nameConstraints,
  named,
  newKeys,
  text,
} from '../../../test/support/crafted-certificates.ts'
import { contextTag, tags } from '../../x509/der/reader.ts'
import { encodeElement } from '../../x509/der/writer.ts'
import type { Extension } from '../../x509/extensions/extensions.ts'
import type { GeneralName } from '../../x509/names/general-name.ts'
import type { GeneralSubtree } from '../../x509/extensions/name-constraints.ts'
import { encodeName, parseName } from '../../x509/names/name.ts'
import { encodeOid, encodeOidElement, oids } from '../../x509/der/oid.ts'
import { showName } from './constrained-names.ts'
import { constraintsOf, violatedNameConstraint, type PathConstraints } from './check-names.ts'

const keys = newKeys()
const empty = parseName(encodeName([]))

function constraintsFrom(...extensions: readonly Extension[]): PathConstraints {
  const path = extensions.map((extension, index) =>
    craft({ subject: named(`CA ${index}`), keys, extensions: [...caExtensions, extension] }),
  )
  return constraintsOf(path.map(({ certificate }) => certificate))
}

function violation(
  lists: { permitted?: readonly GeneralSubtree[]; excluded?: readonly GeneralSubtree[] },
  names: readonly GeneralName[],
  subject: Uint8Array = empty.der,
): string | undefined {
  const constraints = constraintsFrom(nameConstraints(lists.permitted ?? [], lists.excluded ?? []))
  return violatedNameConstraint(constraints, {
    subject: parseName(subject),
    subjectAlternativeNames: names,
  })
}

const organization = (value: string): { type: string; value: string } => ({
  type: oids.organizationName,
  value,
})
const country = { type: oids.countryName, value: 'DE' }
const common = (value: string): { type: string; value: string } => ({
  type: oids.commonName,
  value,
})
const dn = (...attributes: readonly { type: string; value: string }[]): GeneralName =>
  directory(encodeName(attributes))

const dns = (value: string): GeneralName => text('dNSName', value)
const mail = (value: string): GeneralName => text('rfc822Name', value)
const uri = (value: string): GeneralName => text('uniformResourceIdentifier', value)

/**
 * Name constraint bases, each with names within and outside it. A permitted base allows only names within it, and an excluded
 * base allows only names outside it.
 */
const table: readonly {
  readonly base: GeneralSubtree
  readonly within: readonly GeneralName[]
  readonly outside: readonly GeneralName[]
}[] = [
  {
    base: dns('example.com'),
    within: [
      'example.com',
      'EXAMPLE.com',
      'a.example.com',
      'a.b.example.com',
      '*.example.com',
      '*.a.example.com',
      '_x.example.com',
    ].map(dns),
    outside: [
      'notexample.com',
      'example.org',
      'com',
      'example.com.evil.org',
      'xexample.com',
      'a-example.com',
      '*.example.org',
    ].map(dns),
  },
  {
    base: dns('.example.com'),
    within: ['a.example.com', 'a.b.example.com', '*.example.com'].map(dns),
    outside: ['example.com', 'aexample.com', 'example.org'].map(dns),
  },
  {
    base: dns(''),
    within: ['example.com', 'localhost', '*.example.com'].map(dns),
    outside: [],
  },
  {
    base: mail('example.com'),
    within: ['a@example.com', 'A.b+c@EXAMPLE.com'].map(mail),
    outside: ['a@sub.example.com', 'a@example.org', 'example.com@example.org'].map(mail),
  },
  {
    base: mail('.example.com'),
    within: ['a@sub.example.com', 'a@x.y.example.com'].map(mail),
    outside: ['a@example.com', 'a@xexample.com'].map(mail),
  },
  {
    base: mail('Root@example.com'),
    within: ['Root@example.com', 'Root@Example.COM'].map(mail),
    outside: ['a@example.com', 'Root@sub.example.com', 'xRoot@example.com'].map(mail),
  },
  {
    base: uri('host.example.com'),
    within: [
      'https://host.example.com',
      'http://HOST.example.com:8080/a?b',
      'ldap://u:p@host.example.com/x',
      'https://host.example.com#a@evil.org',
    ].map(uri),
    outside: [
      'https://a.host.example.com',
      'https://example.com',
      'https://host.example.com@evil.org/',
      'https://evil.org/?https://host.example.com',
    ].map(uri),
  },
  {
    base: uri('.example.com'),
    within: ['https://a.example.com/', 'spiffe://a.b.example.com/x'].map(uri),
    outside: ['https://example.com/', 'https://a.example.org/'].map(uri),
  },
  {
    base: ip('c0000200ffffff00'),
    within: ['c0000200', 'c00002ff'].map(ip),
    outside: ['c0000100', 'c0000300', '20010db8000000000000000000000001'].map(ip),
  },
  {
    base: ip('0a010203ff800000'),
    within: ['0a000000', '0a7fffff'].map(ip),
    outside: ['0a800000', '09ffffff'].map(ip),
  },
  {
    base: ip('20010db8000000000000000000000000ffffffff000000000000000000000000'),
    within: ['20010db8000000000000000000000001', '20010db8ffffffffffffffffffffffff'].map(ip),
    outside: ['20010db9000000000000000000000000', 'c0000201'].map(ip),
  },
  {
    base: dn(country, organization('Example')),
    within: [
      dn(country, organization('Example')),
      dn(country, organization(' example ')),
      dn(country, organization('EXAMPLE'), common('a')),
    ],
    outside: [
      dn(country),
      dn(organization('Example'), country),
      dn(country, organization('Other')),
    ],
  },
]

for (const { base, within, outside } of table)
  test(`names within and outside ${showName(base)}`, () => {
    for (const name of within) {
      assert.equal(violation({ permitted: [base] }, [name]), undefined, showName(name))
      assert.match(violation({ excluded: [base] }, [name]) ?? '', /exclude$/, showName(name))
    }
    for (const name of outside) {
      assert.match(violation({ permitted: [base] }, [name]) ?? '', /is not within/, showName(name))
      assert.equal(violation({ excluded: [base] }, [name]), undefined, showName(name))
    }
  })

test('a wildcard is compared as every name that it may stand for', () => {
  const wild = [dns('*.example.com')]
  assert.match(violation({ permitted: [dns('a.example.com')] }, wild) ?? '', /is not within/)
  assert.match(violation({ excluded: [dns('a.example.com')] }, wild) ?? '', /exclude/)
  assert.equal(violation({ excluded: [dns('a.b.example.com')] }, wild), undefined)
  assert.equal(violation({ excluded: [dns('.a.example.com')] }, wild), undefined)
  assert.equal(violation({ excluded: [dns('a.example.org')] }, wild), undefined)
  assert.match(violation({ excluded: [dns('com.example')] }, [dns('*.example')]) ?? '', /exclude/)
})

test('a name that cannot be compared is a violation only if its form of name is constrained', () => {
  const otherName: GeneralName = {
    kind: 'otherName',
    content: Buffer.concat([
      encodeOidElement('1.2.3'),
      encodeElement(contextTag(0, true), encodeElement(tags.utf8String, Buffer.from('x'))),
    ]),
  }
  const registered: GeneralName = { kind: 'registeredID', content: encodeOid('1.2.3') }
  const party: GeneralName = {
    kind: 'ediPartyName',
    content: encodeElement(contextTag(1, true), encodeElement(tags.utf8String, Buffer.from('x'))),
  }
  const cases: readonly (readonly [GeneralSubtree, GeneralName])[] = [
    ...[
      '.example.com',
      '',
      'a..example.com',
      'example.com.',
      '*',
      '*.*.example.com',
      'f*.example.com',
      'a b.example.com',
      '-a.example.com',
    ].map((value) => [dns('example.com'), dns(value)] as const),
    ...[
      'example.com',
      'a@b@example.com',
      '@example.com',
      '"a"@example.com',
      'a@',
      'a@[192.0.2.1]',
      'a b@example.com',
      'a@*.example.com',
    ].map((value) => [mail('example.com'), mail(value)] as const),
    ...[
      'urn:a:b',
      'mailto:a@example.com',
      'https:///a',
      'https://192.0.2.1/',
      'https://[2001:db8::1]/',
      'https://0x7f.1/',
      'https://2130706433/',
      'https://example.com\\@evil.org/',
      '//example.com',
      'https://example%2ecom/',
      'https://a.example.com./',
      'https://u@v@example.com/',
    ].map((value) => [uri('example.com'), uri(value)] as const),
    [otherName, otherName],
    [registered, registered],
    [party, party],
  ]
  for (const [base, name] of cases) {
    for (const lists of [{ permitted: [base] }, { excluded: [base] }])
      assert.match(violation(lists, [name]) ?? '', /cannot be compared/, showName(name))
    assert.equal(violation({ permitted: [ip('0a000000ff000000')] }, [name]), undefined)
  }
})

test('an empty base of email addresses or URIs contains everything if excluded, and nothing if permitted', () => {
  for (const [base, name] of [
    [mail(''), mail('a@example.com')],
    [uri(''), uri('https://example.com/')],
  ] as const) {
    assert.match(violation({ excluded: [base] }, [name]) ?? '', /exclude/)
    assert.match(violation({ permitted: [base] }, [name]) ?? '', /is not within/)
  }
})

test('excluded bases ignore the case of local parts, and match IPv4-mapped IPv6 addresses', () => {
  const mailbox = mail('Root@example.com')
  assert.match(violation({ permitted: [mailbox] }, [mail('root@example.com')]) ?? '', /not within/)
  assert.match(violation({ excluded: [mailbox] }, [mail('root@example.com')]) ?? '', /exclude/)
  const mapped = ip('00000000000000000000ffffc0000201')
  assert.match(violation({ excluded: [ip('c0000200ffffff00')] }, [mapped]) ?? '', /exclude/)
  assert.match(violation({ permitted: [ip('c0000200ffffff00')] }, [mapped]) ?? '', /not within/)
})

test('the subject is compared as a directoryName, unless it is empty', () => {
  const permitted = [dn(country)]
  assert.equal(violation({ permitted }, [], encodeName([country, common('a')])), undefined)
  assert.match(violation({ permitted }, [], named('a')) ?? '', /^subject "CN=a" is not within/)
  assert.equal(violation({ permitted }, [dns('a.example')]), undefined)
  assert.match(violation({ excluded: [dn()] }, [], named('a')) ?? '', /^subject "CN=a" is within/)
})

test('email addresses in the subject are compared as rfc822Name, with and without a SAN', () => {
  const subject = (value: string): Uint8Array => encodeName([{ type: oids.emailAddress, value }])
  const permitted = [mail('example.com')]
  for (const names of [[], [mail('a@example.com')]]) {
    assert.equal(violation({ permitted }, names, subject('b@example.com')), undefined)
    assert.match(violation({ permitted }, names, subject('b@example.org')) ?? '', /^emailAddress/)
    assert.match(violation({ permitted }, names, subject('ä@example.com')) ?? '', /^emailAddress/)
  }
})

test('a commonName that looks like a host name is compared as dNSName, if the SAN has no dNSName', () => {
  const permitted = [dns('example.com')]
  assert.equal(violation({ permitted }, [], named('a.example.com')), undefined)
  for (const host of ['a.example.org', '*.example.org', '192.0.2.1'])
    assert.match(violation({ permitted }, [], named(host)) ?? '', /^commonName/, host)
  assert.equal(violation({ permitted }, [dns('example.com')], named('a.example.org')), undefined)
  assert.match(violation({ permitted }, [ip('c0000201')], named('a.example.org')) ?? '', /^common/)
  for (const other of ['localhost', 'Example Inc.', 'Ä.example.org', 'a b.example.org'])
    assert.equal(violation({ permitted }, [], named(other)), undefined, other)
  const ofCa = violatedNameConstraint(constraintsFrom(nameConstraints(permitted)), {
    subject: parseName(named('ca.example.org')),
    subjectAlternativeNames: [],
    endEntity: false,
  })
  assert.equal(ofCa, undefined)
})

test('an SmtpUTF8Mailbox violates every rfc822Name constraint', () => {
  const address = encodeElement(tags.utf8String, Buffer.from('ä@example.com'))
  const name: GeneralName = {
    kind: 'otherName',
    content: Buffer.concat([
      encodeOidElement('1.3.6.1.5.5.7.8.9'),
      encodeElement(contextTag(0, true), address),
    ]),
  }
  assert.match(violation({ permitted: [mail('example.com')] }, [name]) ?? '', /SmtpUTF8Mailbox/)
  assert.equal(violation({ permitted: [dns('example.com')] }, [name]), undefined)
})

test('the constraints of every CA certificate apply, and the message names the CA', () => {
  const constraints = constraintsFrom(
    nameConstraints([dns('a.example.com'), dns('b.example.com')]),
    nameConstraints([dns('example.com')], [dns('b.example.com')]),
  )
  const violationBy = (name: string): string | undefined =>
    violatedNameConstraint(constraints, { subject: empty, subjectAlternativeNames: [dns(name)] })
  assert.equal(violationBy('x.a.example.com'), undefined)
  assert.equal(
    violationBy('c.example.com'),
    `dNSName 'c.example.com' is not within a subtree that the name constraints of "CN=CA 0" permit: ` +
      `dNSName 'a.example.com', dNSName 'b.example.com'`,
  )
  assert.equal(
    violationBy('b.example.com'),
    `dNSName 'b.example.com' is within dNSName 'b.example.com', which the name constraints of ` +
      `"CN=CA 1" exclude`,
  )
})

test('every certificate violates constraints that cannot be read', () => {
  const malformed: Extension = {
    oid: oids.nameConstraints,
    critical: true,
    value: Buffer.from('3000', 'hex'),
  }
  for (const extension of [
    malformed,
    nameConstraints([dns('*.example.com')]),
    nameConstraints([mail('a@b@c.example')]),
  ]) {
    const found = violatedNameConstraint(constraintsFrom(extension), {
      subject: empty,
      subjectAlternativeNames: [],
    })
    assert.match(found ?? '', /^the name constraints of "CN=CA 0" cannot be read/)
  }
})

test('a path without constraints permits everything', () => {
  const { certificate } = craft({ extensions: [...caExtensions, alternativeNames([dns('a')])] })
  assert.deepEqual(constraintsOf([certificate]), [])
})

test('too many or too long names are refused', () => {
  const many = (length: number): GeneralSubtree[] =>
    Array.from({ length }, (_, index) => dns(`h${index}.example.com`))
  const names = many(400)
  assert.equal(
    violation(
      {
        excluded: many(655).map(({ content }) => ({
          kind: 'dNSName',
          content: Buffer.concat([content, Buffer.from('x')]),
        })),
      },
      names,
    ),
    undefined,
  )
  assert.match(
    violation({ excluded: many(656) }, names) ?? '',
    /names in the certificate are too many or too long/,
  )
  const long = encodeName([organization('ä'.repeat(15_000))])
  const directories = Array.from({ length: 200 }, (_, index) => dn(organization(`${index}`)))
  assert.match(
    violation({ excluded: directories }, [], long) ?? '',
    /names in the certificate are too many or too long/,
  )
  assert.equal(violation({ excluded: directories }, [], named('a')), undefined)
})

const label = fc.stringMatching(/^[a-z0-9]{1,4}$/)
const domain = fc.array(label, { minLength: 1, maxLength: 4 })

test('property: a dNSName is within a domain if and only if its labels end with those of the domain', () => {
  fc.assert(
    fc.property(domain, domain, (name, base) => {
      const within = name.slice(-base.length).join('.') === base.join('.')
      const names = [dns(name.join('.'))]
      const list = [dns(base.join('.'))]
      assert.equal(violation({ permitted: list }, names) === undefined, within)
      assert.equal(violation({ excluded: list }, names) !== undefined, within)
    }),
    { numRuns: 200 },
  )
})

test('property: an address is within a block if and only if their leading bits are equal', () => {
  const address = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (base, flips, bits) => {
      const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
      const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
      const list = [ip(hex(base) + hex(mask))]
      const within = (flips & mask) === 0
      const names = [ip(hex(base ^ flips))]
      assert.equal(violation({ permitted: list }, names) === undefined, within)
      assert.equal(violation({ excluded: list }, names) !== undefined, within)
    }),
    { numRuns: 200 },
  )
})

test('property: no name throws, and a base that is both permitted and excluded permits no name of its form', () => {
  const kind = fc.constantFrom('dNSName', 'rfc822Name', 'uniformResourceIdentifier')
  const value = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '.',
        '*',
        '@',
        ':',
        '/',
        '[',
        ']',
        '"',
        '%',
        '0',
        '//',
        '.example',
        ' ',
      ),
      { maxLength: 12 },
    )
    .map((parts) => Buffer.from(parts.join('')))
  const name = fc.record({ kind, content: value })
  fc.assert(
    fc.property(name, name, (base, each) => {
      const both = violation({ permitted: [base], excluded: [base] }, [each])
      const constrained = base.kind === each.kind
      if (constrained) assert.notEqual(both, undefined)
    }),
    { numRuns: 500 },
  )
})
