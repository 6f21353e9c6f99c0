/** Tests that the summary and the searchable parts match the parsed certificate, and that malformed input is rejected. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { signatureAlgorithmIdentifier } from './algorithm-identifier.ts'
import { parseCertificateSummary, parseNamedParts } from './certificate-parts.ts'
import { encodeCertificate, encodeTbsCertificate, parseCertificate } from './certificate.ts'
import { DerError } from './der/error.ts'
import { contextTag, tags } from './der/reader.ts'
import { readTime } from './der/time.ts'
import { encodeElement, encodeSequence, encodeSmallInteger } from './der/writer.ts'
import { encodeBasicConstraints } from './extensions/basic-constraints.ts'
import { encodeName, parseName } from './names/name.ts'
import { oids } from './der/oid.ts'
import { readdirSync, readFileSync } from 'node:fs'
import { findExtension } from './extensions/extensions.ts'
import { parsePem } from './pem.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')

const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
const spki: Uint8Array = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'der',
  type: 'spki',
})

interface Options {
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Uint8Array
}

function certificateOf({ serialNumber, notBefore, notAfter, subject }: Options): Uint8Array {
  const tbs = encodeTbsCertificate({
    serialNumber,
    signatureAlgorithm: algorithm,
    issuer: encodeName([{ type: oids.commonName, value: 'Issuer' }]),
    notBefore,
    notAfter,
    subject,
    subjectPublicKeyInfo: spki,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: undefined }),
      },
    ],
  })
  return encodeCertificate(tbs, algorithm, Uint8Array.of(1, 2, 3))
}

const seconds = (text: string): number => Date.parse(text) / 1000
const dates = fc
  .oneof(
    fc.constantFrom(seconds('2049-12-31T23:59:59Z'), seconds('2050-01-01T00:00:00Z')),
    fc.integer({ min: seconds('1950-01-01T00:00:00Z'), max: seconds('9999-12-31T23:59:59Z') }),
  )
  .map((second) => new Date(second * 1000))

const subjects = fc
  .array(
    fc.record({
      type: fc.constantFrom(oids.commonName, oids.organizationName, '1.2.3.4'),
      value: fc.string({ unit: 'grapheme', maxLength: 200 }),
    }),
    { maxLength: 5 },
  )
  .map(encodeName)

const certificateOptions = fc.record({
  serialNumber: fc.uint8Array({ minLength: 1, maxLength: 19 }).map((bytes) => {
    bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 1
    return bytes
  }),
  notBefore: dates,
  notAfter: dates,
  subject: subjects,
})

test('times and subject match the parsed certificate', () => {
  fc.assert(
    fc.property(certificateOptions, (options) => {
      const der = certificateOf(options)
      const whole = parseCertificate(der)
      const summary = parseCertificateSummary(der)
      assert.equal(summary.notBefore, whole.notBefore.toISOString().slice(0, 19))
      assert.equal(summary.notAfter, whole.notAfter.toISOString().slice(0, 19))
      assert.equal(summary.notBefore, options.notBefore.toISOString().slice(0, 19))
      assert.equal(hexOf(summary.subjectDer), hexOf(options.subject))
      assert.deepEqual(
        parseName(summary.subjectDer)
          .rdns.flat()
          .map(({ type, value }) => [type, value]),
        whole.subject.rdns.flat().map(({ type, value }) => [type, value]),
      )
    }),
  )
})

test('a certificate within a longer buffer is read', () => {
  const der = certificateOf({
    serialNumber: Uint8Array.of(1),
    notBefore: new Date('2026-03-01T08:15:30Z'),
    notAfter: new Date('2050-03-01T08:15:30Z'),
    subject: encodeName([{ type: oids.commonName, value: 'here' }]),
  })
  const longer = Buffer.concat([Buffer.alloc(7, 0xff), der, Buffer.alloc(7, 0xff)])
  const { notBefore, notAfter, subjectDer } = parseCertificateSummary(
    new Uint8Array(longer.buffer, longer.byteOffset + 7, der.length),
  )
  assert.deepEqual([notBefore, notAfter], ['2026-03-01T08:15:30', '2050-03-01T08:15:30'])
  assert.deepEqual(parseName(subjectDer).rdns[0]?.[0]?.value, 'here')
})

const sample = certificateOf({
  serialNumber: Uint8Array.of(1, 2, 3),
  notBefore: new Date('2026-03-01T08:15:30Z'),
  notAfter: new Date('2051-03-01T08:15:30Z'),
  subject: encodeName([
    { type: oids.countryName, value: 'DE' },
    { type: oids.commonName, value: 'www.example.com' },
  ]),
})

test('a certificate that is truncated anywhere is refused', () => {
  for (let length = 0; length < sample.length; length += 1)
    assert.throws(() => parseCertificateSummary(sample.subarray(0, length)), DerError, `${length}`)
})

function readOrRefuse(der: Uint8Array): void {
  try {
    const { notBefore, notAfter } = parseCertificateSummary(der)
    assert.deepEqual([notBefore.length, notAfter.length], [19, 19])
  } catch (error) {
    assert.ok(error instanceof DerError, `${String(error)} at ${hexOf(der)}`)
  }
}

test('a certificate with any byte changed to any value is read, or refused with a DerError', () => {
  const changed = Buffer.from(sample)
  for (let at = 0; at < sample.length; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      changed[at] = byte
      readOrRefuse(changed)
    }
    changed[at] = sample[at] ?? 0
  }
})

test('any bytes, and a certificate with any part replaced, are read or refused with a DerError', () => {
  fc.assert(
    fc.property(fc.nat(sample.length), fc.nat(40), fc.uint8Array(), (start, length, middle) => {
      readOrRefuse(middle)
      readOrRefuse(
        Buffer.concat([sample.subarray(0, start), middle, sample.subarray(start + length)]),
      )
    }),
    { numRuns: 3000 },
  )
})

const name = encodeName([{ type: oids.commonName, value: 'x' }])
const utcTime = (text: string): Uint8Array => encodeElement(tags.utcTime, Buffer.from(text))
const tbsOf = (validity: Uint8Array, ...before: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(
    encodeSequence(...before, encodeSmallInteger(1), algorithm, name, validity, name),
    algorithm,
  )

test('a certificate of version 1 is read, and invalid times and lengths are refused', () => {
  const time = utcTime('260301081530Z')
  const validity = encodeSequence(time, time)
  const version = encodeElement(contextTag(0, true), encodeSmallInteger(2))
  for (const der of [tbsOf(validity), tbsOf(validity, version)])
    assert.equal(parseCertificateSummary(der).notBefore, '2026-03-01T08:15:30')
  for (const [title, der] of Object.entries({
    'a UTCTime without seconds': tbsOf(encodeSequence(utcTime('2603010815Z'), time)),
    'a time that is text': tbsOf(
      encodeSequence(encodeElement(tags.utf8String, Buffer.from('260301081530Z')), time),
    ),
    'an indefinite length': Buffer.from('3080', 'hex'),
    'a length of five bytes': Buffer.from('30850000000001', 'hex'),
    'a truncated length': Buffer.from('3082ff', 'hex'),
    'an empty buffer': new Uint8Array(),
  }))
    assert.throws(() => parseCertificateSummary(der), DerError, title)
})

const folder = new URL('../../testdata/x509/', import.meta.url)
const certificates = readdirSync(folder)
  .filter((file) => file.endsWith('.crt.pem'))
  .flatMap((file) => parsePem(readFileSync(new URL(file, folder), 'utf8')))
  .map(({ der }) => der)

test('the named parts match the parsed certificate', () => {
  assert.ok(certificates.length > 0)
  for (const der of certificates) {
    const { notBefore, subject, extensions } = parseCertificate(der)
    const subjectAltName = findExtension(extensions, oids.subjectAltName)?.value
    const { validity, ...parts } = parseNamedParts(der)
    assert.deepEqual(parts, { subjectDer: subject.der, subjectAltName })
    assert.deepEqual(readTime(validity, 'notBefore'), notBefore)
  }
})

test('the named parts of a damaged certificate are read, or refused with a DerError', () => {
  for (const der of certificates)
    for (const [at, byte] of der.entries())
      for (const other of [0, 0x7f, 0xff, byte ^ 1])
        readDamaged(Uint8Array.from(der).with(at, other))
})

function readDamaged(der: Uint8Array): void {
  try {
    parseNamedParts(der)
  } catch (error) {
    assert.ok(error instanceof DerError, String(error))
  }
}
