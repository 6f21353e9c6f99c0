import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encodeTbsCertificate, parseCertificate } from '../x509/certificate.ts'
import { oids } from '../x509/der/oid.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeGeneralNames, type GeneralName } from '../x509/names/general-name.ts'
import { encodeName } from '../x509/names/name.ts'
import { parsePem } from '../x509/pem.ts'
import { contentKeys } from './content-keys.ts'

const issuedAt = new Date('2026-11-30T12:00:00.900Z')
const file = new URL('../../testdata/x509/gnutls-ec-p256.crt.pem', import.meta.url)
const [block] = parsePem(readFileSync(file, 'utf8'))
const sample = parseCertificate(block?.der ?? new Uint8Array())

interface Content {
  readonly subject?: readonly (readonly [type: string, value: string])[]
  readonly names?: readonly GeneralName[]
  readonly extensions?: readonly Extension[]
  readonly notBefore?: string
}

/** Returns the condition keys of a certificate as an object. */
function keysOf({ subject = [], names = [], extensions = [], notBefore }: Content) {
  const san = () => ({
    oid: oids.subjectAltName,
    critical: false,
    value: encodeGeneralNames(names),
  })
  const usage = { oid: oids.keyUsage, critical: true, value: Buffer.from('03020780', 'hex') }
  const tbs = encodeTbsCertificate({
    serialNumber: Buffer.from('01', 'hex'),
    signatureAlgorithm: sample.signatureAlgorithm.der,
    issuer: sample.issuer.der,
    notBefore: new Date(notBefore ?? '2026-11-30T11:00:00Z'),
    notAfter: new Date('2026-12-30T12:00:00Z'),
    subject: encodeName(subject.map(([type, value]) => ({ type, value }))),
    subjectPublicKeyInfo: sample.subjectPublicKeyInfo.der,
    extensions: [usage, ...(names.length > 0 ? [san()] : []), ...extensions],
  })
  return Object.fromEntries(contentKeys(tbs, issuedAt))
}

const always = {
  'signet:isca': ['false'],
  'signet:keyalgorithm': ['EC_prime256v1'],
  'signet:validitydays': ['30'],
}
const text = (kind: GeneralName['kind'], value: string): GeneralName => ({
  kind,
  content: Buffer.from(value),
})

test('a certificate without names has no keys for names', () => {
  assert.deepEqual(keysOf({}), always)
})

test('every alternative name has a key for its type, and names without a key of their own count by type', () => {
  const names = [
    text('dNSName', 'A.Example'),
    text('dNSName', 'a.example'),
    text('rfc822Name', 'Ada@Example.COM'),
    text('uniformResourceIdentifier', 'spiffe://a/B'),
    { kind: 'iPAddress', content: Buffer.from('0a000001', 'hex') },
    { kind: 'registeredID', content: Buffer.from('2a0304', 'hex') },
  ] as const
  assert.deepEqual(keysOf({ names }), {
    ...always,
    'signet:dnsname': ['a.example'],
    'signet:email': ['Ada@example.com'],
    'signet:uri': ['spiffe://a/B'],
    'signet:ipaddress': ['10.0.0.1'],
    'signet:nametype': [
      'dNSName',
      'rfc822Name',
      'uniformResourceIdentifier',
      'iPAddress',
      'registeredID',
    ],
  })
})

test('common names that look like a host name, an address or an email address count as such names', () => {
  const named = (value: string, type: string) => {
    const {
      'signet:commonname': commonName,
      'signet:commonnametype': commonNameType,
      'signet:subject/cn': cn,
      'signet:subjectattribute': attributes,
      ...rest
    } = keysOf({
      subject: [[oids.commonName, value]],
    })
    assert.deepEqual(
      [commonName, cn, commonNameType, attributes],
      [[value], [value], [type], ['CN']],
    )
    return Object.entries(rest).filter(([key]) => !(key in always))
  }
  assert.deepEqual(named('*.Corp.Example', 'dNSName'), [['signet:dnsname', ['*.corp.example']]])
  assert.deepEqual(named('192.0.2.1', 'iPAddress'), [['signet:ipaddress', ['192.0.2.1']]])
  assert.deepEqual(named('2001:db8::1', 'iPAddress'), [['signet:ipaddress', ['2001:db8::1']]])
  assert.deepEqual(named('ada@Corp.example', 'rfc822Name'), [
    ['signet:email', ['ada@corp.example']],
  ])
  assert.deepEqual(named('alice', 'other'), [])
  assert.deepEqual(named('Example Root CA', 'other'), [])
})

test('the attributes of the subject have keys by keyword or object identifier', () => {
  const keys = keysOf({
    subject: [
      [oids.organizationName, 'Example'],
      [oids.organizationalUnitName, 'A'],
      [oids.organizationalUnitName, 'B'],
      [oids.title, 'Dr'],
    ],
  })
  assert.deepEqual(keys, {
    'signet:subject/o': ['Example'],
    'signet:subject/ou': ['A', 'B'],
    [`signet:subject/${oids.title}`]: ['Dr'],
    'signet:subjectattribute': ['O', 'OU', oids.title],
    ...always,
  })
})

test('the validity counts from issuance, or from a later notBefore', () => {
  const days = (notBefore: string) => keysOf({ notBefore })['signet:validitydays']
  assert.deepEqual(days('2026-11-30T11:00:00Z'), ['30'])
  assert.deepEqual(days('2026-12-20T00:00:00Z'), ['10.5'])
})

test('content that cannot be read is refused instead of being skipped', () => {
  const value = Buffer.from('30020601', 'hex')
  const malformed = { oid: oids.extendedKeyUsage, critical: false, value }
  assert.throws(() => keysOf({ extensions: [malformed] }), {
    code: 'MalformedCSRException',
    message: /^CSR has content that a policy refers to, but that cannot be read: /,
  })
})
