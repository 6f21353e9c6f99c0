import assert from 'node:assert/strict'
import { BlockList, isIPv6 } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeGeneralName, parseGeneralNames } from '../x509/names/general-name.ts'
import { ServiceError } from '../errors.ts'
import { encodeSequence } from '../x509/der/writer.ts'
import { generalNameOf, requireOid, type RequestedGeneralName } from './general-names.ts'

function hexOf(requested: RequestedGeneralName): string {
  return Buffer.from(encodeGeneralName(generalNameOf(requested, 'Name'))).toString('hex')
}

function refusal(requested: RequestedGeneralName): string {
  try {
    generalNameOf(requested, 'Name')
  } catch (error) {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'InvalidArgsException')
    return error.message
  }
  assert.fail(`${JSON.stringify(requested)} was accepted`)
}

test('each choice of general name is encoded with its tag', () => {
  assert.equal(hexOf({ Rfc822Name: 'a@b' }), '8103614062')
  assert.equal(hexOf({ DnsName: 'a.b' }), '8203612e62')
  assert.equal(hexOf({ UniformResourceIdentifier: 'a:b' }), '8603613a62')
  assert.equal(hexOf({ IpAddress: '1.2.3.4' }), '870401020304')
  assert.equal(hexOf({ RegisteredId: '1.2.3' }), '88022a03')
  assert.equal(
    hexOf({ OtherName: { TypeId: '1.2.3', Value: 'ä' } }),
    'a00a 06022a03 a004 0c02c3a4'.replaceAll(' ', ''),
  )
  assert.equal(
    hexOf({ DirectoryName: { CommonName: 'x' } }),
    'a40e 300c 310a 3008 0603550403 0c0178'.replaceAll(' ', ''),
  )
  assert.equal(
    hexOf({ EdiPartyName: { PartyName: 'p', NameAssigner: 'n' } }),
    'a50a a003 0c016e a103 0c0170'.replaceAll(' ', ''),
  )
  assert.equal(hexOf({ EdiPartyName: { PartyName: 'p' } }), 'a505a1030c0170')
})

test('a name must have exactly one choice, and the error states how many are present', () => {
  assert.match(refusal({}), /^Name must have exactly one of OtherName, .*RegisteredId; it has 0$/)
  assert.match(refusal({ DnsName: 'a', IpAddress: '::' }), /; it has 2$/)
})

test('the error names the member with an invalid value', () => {
  const cases: [RequestedGeneralName, RegExp][] = [
    [{ DnsName: '' }, /^Name\.DnsName must be visible ASCII and not empty/],
    [{ DnsName: 'ä' }, /^Name\.DnsName .*A-labels$/],
    [{ Rfc822Name: 'a\u007f' }, /^Name\.Rfc822Name must be visible ASCII/],
    [{ UniformResourceIdentifier: 'a\tb' }, /^Name\.UniformResourceIdentifier must be/],
    [{ RegisteredId: '1' }, /^Name\.RegisteredId '1' is not an object identifier$/],
    [{ OtherName: { TypeId: '1.2.', Value: '' } }, /^Name\.OtherName\.TypeId '1\.2\.' is not/],
    [{ DirectoryName: {} }, /^Name\.DirectoryName must have at least one attribute/],
    [{ EdiPartyName: { PartyName: '' } }, /^Name\.EdiPartyName\.PartyName must not be empty$/],
    [
      { EdiPartyName: { PartyName: 'p', NameAssigner: '' } },
      /^Name\.EdiPartyName\.NameAssigner must not be empty$/,
    ],
    [
      { IpAddress: '1.2.3.4/8' },
      /^Name\.IpAddress '1\.2\.3\.4\/8' is not an IPv4 or IPv6 address$/,
    ],
    [{ IpAddress: 'fe80::1%1' }, /^Name\.IpAddress 'fe80::1%1' is not/],
  ]
  for (const [requested, message] of cases) assert.match(refusal(requested), message)
})

test('the first two arcs of every object identifier are validated', () => {
  for (const text of ['0.39', '1.0', '2.999.1', '1.3.6.1.4.1.99999'])
    assert.equal(requireOid(text, 'at'), text)
  for (const text of ['', '1', '3.1', '0.40', '1.40', '1.2.03', '1..2', 'x'])
    assert.throws(() => requireOid(text, 'at'), {
      code: 'InvalidArgsException',
      message: `at '${text}' is not an object identifier`,
    })
})

const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })

/** Text forms in RFC 4291 §2.2: all groups, one run of zeros omitted, and IPv4 at the end. */
function formsOf(address: readonly number[]): string[] {
  const full = address.map((group) => group.toString(16))
  const [high = 0, low = 0] = address.slice(6)
  const quad = [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  const runs = full.flatMap((_group, start) =>
    full.flatMap((_last, end) =>
      end >= start && full.slice(start, end + 1).every((group) => group === '0')
        ? [`${full.slice(0, start).join(':')}::${full.slice(end + 1).join(':')}`]
        : [],
    ),
  )
  return [
    full.join(':'),
    full.map((group) => group.padStart(4, '0').toUpperCase()).join(':'),
    [...full.slice(0, 6), quad].join(':'),
    ...runs,
  ]
}

test('every text form of an IPv6 address is parsed to its sixteen bytes', () => {
  fc.assert(
    fc.property(groups, (address) => {
      const hex = address.map((group) => group.toString(16).padStart(4, '0')).join('')
      for (const text of formsOf(address)) {
        assert.ok(isIPv6(text), text)
        assert.equal(hexOf({ IpAddress: text }), `8710${hex}`, text)
      }
    }),
  )
})

test('any text is parsed to an address of four or sixteen bytes, or refused', () => {
  const texts = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef:.%/')),
    maxLength: 40,
  })
  fc.assert(
    fc.property(texts, (IpAddress) => {
      try {
        const { content } = generalNameOf({ IpAddress }, 'Name')
        assert.ok(content.length === 4 || content.length === 16)
        // The Node.js parser also accepts the string as an IP address.
        new BlockList().addAddress(IpAddress, content.length === 4 ? 'ipv4' : 'ipv6')
      } catch (error) {
        assert.ok(error instanceof ServiceError, String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('an accepted name is parsed back as the same choice', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const requested: fc.Arbitrary<RequestedGeneralName> = fc.oneof(
    text.map((DnsName) => ({ DnsName })),
    text.map((Rfc822Name) => ({ Rfc822Name })),
    text.map((UniformResourceIdentifier) => ({ UniformResourceIdentifier })),
    text.map((Value) => ({ OtherName: { TypeId: '1.2.3', Value } })),
    text.map((CommonName) => ({ DirectoryName: { CommonName } })),
    text.map((PartyName) => ({ EdiPartyName: { PartyName } })),
  )
  fc.assert(
    fc.property(requested, (given) => {
      try {
        const name = generalNameOf(given, 'Name')
        const [read] = parseGeneralNames(encodeSequence(encodeGeneralName(name)))
        assert.equal(read?.kind, name.kind)
        assert.deepEqual(Buffer.from(read.content), Buffer.from(name.content))
      } catch (error) {
        assert.ok(error instanceof ServiceError, String(error))
      }
    }),
  )
})
