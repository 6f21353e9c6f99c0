/** Tests of the certificates and requests in testdata/x509: each is read, and damaged copies are rejected. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseBasicConstraints } from './extensions/basic-constraints.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { parseCertificationRequest, type CertificationRequest } from './certification-request.ts'
import { DerError } from './der/error.ts'
import { parseExtendedKeyUsage } from './extensions/extended-key-usage.ts'
import { findExtension, type Extension } from './extensions/extensions.ts'
import { parseGeneralNames } from './names/general-name.ts'
import {
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from './extensions/key-identifiers.ts'
import { parseKeyUsage } from './extensions/key-usage.ts'
import { formatName, sameName } from './names/name.ts'
import { oids } from './der/oid.ts'
import { parsePem } from './pem.ts'
import { verifySignature, type SignatureCheck } from './verify-signature.ts'

const folder = new URL('../../testdata/x509/', import.meta.url)

const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const namesIn = (path: string): string[] =>
  readdirSync(new URL(path, folder)).filter((name) => name.endsWith('.pem'))

function derOf(name: string): Uint8Array {
  const [block] = parsePem(textOf(name))
  assert.ok(block)
  return block.der
}

function parse(name: string, der: Uint8Array): Certificate | CertificationRequest {
  return name.endsWith('.crt.pem') ? parseCertificate(der) : parseCertificationRequest(der)
}

/** Verifies a sample's signature with its own key, because every sample is self-signed. */
function check(parsed: Certificate | CertificationRequest): Promise<SignatureCheck> {
  const message =
    'tbsCertificateDer' in parsed ? parsed.tbsCertificateDer : parsed.certificationRequestInfoDer
  return verifySignature({ ...parsed, message })
}

const extensionParsers: Readonly<Record<string, (value: Uint8Array) => unknown>> = {
  [oids.subjectAltName]: parseGeneralNames,
  [oids.basicConstraints]: parseBasicConstraints,
  [oids.keyUsage]: parseKeyUsage,
  [oids.extendedKeyUsage]: parseExtendedKeyUsage,
  [oids.subjectKeyIdentifier]: parseSubjectKeyIdentifier,
  [oids.authorityKeyIdentifier]: parseAuthorityKeyIdentifier,
}

/** Parses a certificate or request, including the values of its extensions. */
function readWhole(name: string, der: Uint8Array): Certificate | CertificationRequest {
  const parsed = parse(name, der)
  formatName(parsed.subject)
  sameName(parsed.subject, parsed.subject)
  for (const { oid, value } of parsed.extensions) extensionParsers[oid]?.(value)
  return parsed
}

/** Well-formed samples whose signature algorithm is not accepted. */
const unsupported = new Set([
  'gnutls-rsa-pss-key.crt.pem',
  'gnutls-rsa-pss-key.csr.pem',
  'openssl-rsa-pss-other-mask-hash.csr.pem',
])
const wellFormed = namesIn('.')

test('samples of certificates and of requests exist', () => {
  assert.ok(wellFormed.filter((name) => name.endsWith('.crt.pem')).length >= 10)
  assert.ok(wellFormed.filter((name) => name.endsWith('.csr.pem')).length >= 15)
})

for (const name of wellFormed)
  test(`${name} is read with its extensions, and its signature is verified`, async () => {
    const parsed = readWhole(name, derOf(name))
    assert.equal(await check(parsed), unsupported.has(name) ? 'unsupported' : 'valid')
  })

for (const name of wellFormed.filter((each) => each.endsWith('.crt.pem')))
  test(`${name} has the same values in Signet and in OpenSSL`, () => {
    const certificate = parseCertificate(derOf(name))
    const expected = new X509Certificate(textOf(name))
    const hex = Buffer.from(certificate.serialNumber).toString('hex').replace(/^00/, '')
    assert.equal(hex.toUpperCase(), expected.serialNumber)
    assert.equal(certificate.notBefore.toISOString(), expected.validFromDate.toISOString())
    assert.equal(certificate.notAfter.toISOString(), expected.validToDate.toISOString())
    const spki = expected.publicKey.export({ format: 'der', type: 'spki' })
    assert.deepEqual(Buffer.from(certificate.subjectPublicKeyInfo.der), spki)
    const constraints = findExtension(certificate.extensions, oids.basicConstraints)
    assert.equal(
      constraints !== undefined && parseBasicConstraints(constraints.value).ca,
      expected.ca,
    )
  })

test('a version 1 certificate has no extensions', () => {
  const { version, extensions } = parseCertificate(derOf('openssl-version-1.crt.pem'))
  assert.equal(version, 1)
  assert.deepEqual(extensions, [])
})

const extensionsOf = (name: string): readonly Extension[] =>
  parseCertificationRequest(derOf(name)).extensions

test('requests with other attributes, or without attributes, are read', () => {
  assert.deepEqual(extensionsOf('no-attributes-field.csr.pem'), [])
  assert.deepEqual(extensionsOf('openssl-old-string-types-and-challenge.csr.pem'), [])
  assert.deepEqual(
    extensionsOf('microsoft-and-unsorted-attributes.csr.pem').map(({ oid }) => oid),
    [oids.subjectAltName],
  )
})

test('every choice of general name that other tools write is distinguished', () => {
  const [san] = extensionsOf('pyca-every-general-name.csr.pem')
  assert.equal(san?.oid, oids.subjectAltName)
  assert.deepEqual(
    parseGeneralNames(san?.value ?? new Uint8Array()).map(({ kind }) => kind),
    [
      'dNSName',
      'rfc822Name',
      'uniformResourceIdentifier',
      'iPAddress',
      'iPAddress',
      'directoryName',
      'registeredID',
      'otherName',
    ],
  )
})

test('names with other string types, RDNs of two attributes, and non-string values are read', () => {
  const shown = (name: string): string => formatName(parseCertificationRequest(derOf(name)).subject)
  assert.equal(
    shown('openssl-old-string-types-and-challenge.csr.pem'),
    '"C=DE, O=Jürgen GmbH, CN=T61 or BMP 漢字"',
  )
  assert.match(shown('pyca-every-general-name.csr.pem'), /"C=DE, (UID=u1\+CN|CN)=Ω\\, all/)
  assert.equal(shown('attribute-of-no-string-type.csr.pem'), '"CN=#020107"')
})

/** Error messages by file name in malformed/. */
const malformedErrors: Readonly<Record<string, RegExp>> = {
  'critical-false.csr.pem': /critical of \w+ is FALSE, which DER omits \(at byte \d+\)/,
  'critical-one.csr.pem': /critical of \w+ is not a DER BOOLEAN/,
  'ec-explicit-parameters.csr.pem': /does not have a named curve/,
  'ec-point-too-short.csr.pem': /not a point on its curve/,
  'ed25519-with-parameters.csr.pem': /ed25519 key has parameters/,
  'extension-twice.crt.pem': /extension basicConstraints occurs twice/,
  'extension-twice.csr.pem': /extension subjectAltName occurs twice/,
  'extensions-empty.crt.pem': /has an empty list of extensions/,
  'indefinite-length.csr.pem': /CertificationRequest has an indefinite length/,
  'length-not-minimal.csr.pem': /CertificationRequest has a length that is not minimal/,
  'name-empty-rdn.csr.pem': /RelativeDistinguishedName ends/,
  'name-half-a-bmp-character.csr.pem': /BMPString ends within a character/,
  'name-not-printable.csr.pem': /in RDN \d+: PrintableString has U\+/,
  'name-not-utf-8.csr.pem': /UTF8String is not UTF-8/,
  'no-value-of-extension-request.csr.pem': /values of the attribute extensionRequest ends/,
  'pem-base64url.csr.pem': /does not contain base64/,
  'pem-empty.csr.pem': /does not contain base64/,
  'pem-not-base64.csr.pem': /does not contain base64/,
  'pem-padding-inside.csr.pem': /does not contain base64/,
  'pem-with-other-end.csr.pem': /no matching END line/,
  'pem-without-end.csr.pem': /no matching END line/,
  'rsa-negative-modulus.csr.pem': /RSA modulus is negative/,
  'rsa-without-null.csr.pem': /parameters other than NULL/,
  'serial-empty.crt.pem': /serialNumber is an empty INTEGER/,
  'serial-negative.crt.pem': /serialNumber is negative/,
  'serial-padded.crt.pem': /serialNumber is not a minimal INTEGER/,
  'signature-unused-bits.csr.pem': /signature is not a BIT STRING of whole bytes/,
  'something-after-attributes.csr.pem': /CertificationRequestInfo has trailing data/,
  'time-30-february.crt.pem': /notBefore is a nonexistent date or time/,
  'time-with-fraction.crt.pem': /notAfter is not a UTCTime/,
  'time-with-offset.crt.pem': /notBefore is not a UTCTime/,
  'time-without-seconds.crt.pem': /notBefore is not a UTCTime/,
  'trailing-octet.csr.pem': /CertificationRequest has trailing data/,
  'two-extension-requests.csr.pem': /two extensionRequest attributes/,
  'two-signature-algorithms.crt.pem': /has two different signature algorithms/,
  'two-values-of-extension-request.csr.pem':
    /values of the attribute extensionRequest has trailing data/,
  'validity-one-time.crt.pem': /Validity is truncated/,
  'version-1-explicit.crt.pem': /has an encoded version 1/,
  'version-1-with-extensions.crt.pem': /version 1 has extensions/,
  'version-1.csr.pem': /version is more than 0/,
  'version-4.crt.pem': /version is more than 2/,
}

test('every malformed sample has an expected error', () => {
  assert.deepEqual(namesIn('malformed/').sort(), Object.keys(malformedErrors).sort())
})

for (const [name, message] of Object.entries(malformedErrors))
  test(`malformed/${name} is refused with the reason`, () => {
    const read = () => parse(name, derOf(`malformed/${name}`))
    assert.throws(read, { name: 'DerError', message })
  })

const malformedSanErrors: Readonly<Record<string, RegExp>> = {
  'constructed-dns.csr.pem': /tag 0xa2/,
  'directory-name-implicit.csr.pem': /Name has tag 0x31/,
  'dns-not-ascii.csr.pem':
    /dNSName has U\+[0-9A-F]{4} '.' at character \d+, which is not visible ASCII/u,
  'dns-nul.csr.pem': /dNSName has U\+0000 at character \d+, which is not visible ASCII/,
  'ip-five-octets.csr.pem': /iPAddress has 5 bytes/,
  'ip-with-mask.csr.pem': /iPAddress has 8 bytes/,
  'none.csr.pem': /GeneralNames is truncated/,
  'other-name-without-value.csr.pem': /otherName ends/,
  'registered-id-cut.csr.pem': /OBJECT IDENTIFIER/,
  'tag-9.csr.pem': /tag 0x89/,
}

test('subject alternative names that are invalid for their tags are refused', () => {
  assert.deepEqual(namesIn('malformed-san/').sort(), Object.keys(malformedSanErrors).sort())
  for (const [name, message] of Object.entries(malformedSanErrors)) {
    const san = findExtension(extensionsOf(`malformed-san/${name}`), oids.subjectAltName)
    assert.ok(san, name)
    assert.throws(() => parseGeneralNames(san.value), { name: 'DerError', message }, name)
  }
})

function readOrRefuse(name: string, der: Uint8Array) {
  try {
    return readWhole(name, der)
  } catch (error) {
    assert.ok(error instanceof DerError, `${String(error)}: ${Buffer.from(der).toString('hex')}`)
    return undefined
  }
}

/** Yields every single-bit change in turn, in the same array. */
function* bitFlips(der: Uint8Array): Generator<Uint8Array> {
  const damaged = Uint8Array.from(der)
  for (let bit = 0; bit < der.length * 8; bit += 1) {
    const index = bit >> 3
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit & 7))
    yield damaged
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit & 7))
  }
}

test('every truncation of every sample is refused', () => {
  for (const name of wellFormed) {
    const der = derOf(name)
    for (let length = 0; length < der.length; length += 1)
      assert.equal(readOrRefuse(name, der.subarray(0, length)), undefined, `${name} to ${length}`)
  }
})

test('every sample with one bit changed is read, or refused with a DerError', () => {
  for (const name of wellFormed)
    for (const damaged of bitFlips(derOf(name))) readOrRefuse(name, damaged)
})

for (const name of [
  'openssl-ec-p384.csr.pem',
  'gnutls-ed25519.csr.pem',
  'openssl-rsa-pss-sha512.csr.pem',
])
  test(`the signature of ${name} is invalid after any change of one bit`, async () => {
    let read = 0
    for (const damaged of bitFlips(derOf(name))) {
      const parsed = readOrRefuse(name, Uint8Array.from(damaged))
      if (parsed === undefined) continue
      read += 1
      assert.notEqual(await check(parsed), 'valid', Buffer.from(parsed.der).toString('hex'))
    }
    assert.ok(read > 100)
  })
