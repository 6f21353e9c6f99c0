/** Tests of CRLs: round trips with arbitrary entries, damaged CRLs, and CRLs outside the profile. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { signatureAlgorithmIdentifier } from './algorithm-identifier.ts'
import {
  encodeCertificateList,
  encodeCrlNumber,
  encodeTbsCertList,
  parseCertificateList,
  type TbsCertListFields,
} from './certificate-list.ts'
import { parseCertificate } from './certificate.ts'
import { DerError } from './der/error.ts'
import { contextTag, tags } from './der/reader.ts'
import {
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSmallInteger,
} from './der/writer.ts'
import { encodeIssuingDistributionPoint } from './extensions/distribution-points.ts'
import { encodeExtensions, findExtension } from './extensions/extensions.ts'
import {
  encodeAuthorityKeyIdentifier,
  parseAuthorityKeyIdentifier,
} from './extensions/key-identifiers.ts'
import { encodeName } from './names/name.ts'
import { oids } from './der/oid.ts'
import {
  readRevokedCertificates,
  RevokedCertificatesWriter,
  type RevokedCertificate,
} from './revoked-certificates.ts'
import { encodeTime } from './der/time.ts'
import { verifySignature } from './verify-signature.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')

const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const issuer = encodeName([
  { type: oids.organizationName, value: 'Signet Test' },
  { type: oids.commonName, value: 'CRL issuer' },
])
const crlNumberMax = (1n << 159n) - 1n

function fieldsOf(more: Partial<TbsCertListFields> = {}, crlNumber = 1n): TbsCertListFields {
  return {
    signatureAlgorithm: algorithm,
    issuer,
    thisUpdate: new Date('2026-03-01T08:15:30Z'),
    nextUpdate: new Date('2026-03-08T08:15:30Z'),
    crlExtensions: [
      {
        oid: oids.authorityKeyIdentifier,
        critical: false,
        value: encodeAuthorityKeyIdentifier(new Uint8Array(20).fill(0xab)),
      },
      { oid: oids.crlNumber, critical: false, value: encodeCrlNumber(crlNumber) },
      {
        oid: oids.issuingDistributionPoint,
        critical: true,
        value: encodeIssuingDistributionPoint('http://crl.example.com/crl/one.crl'),
      },
    ],
    ...more,
  }
}

function signedList(tbs: Uint8Array): Uint8Array {
  return encodeCertificateList(tbs, algorithm, sign('sha256', tbs, privateKey))
}

function piecesOf(list: readonly RevokedCertificate[]): Uint8Array[] {
  const writer = new RevokedCertificatesWriter()
  for (const entry of list) writer.add(entry)
  return writer.pieces()
}

const seconds = (text: string): number => Date.parse(text) / 1000
const dates = fc
  .oneof(
    fc.constantFrom(seconds('2049-12-31T23:59:59Z'), seconds('2050-01-01T00:00:00Z')),
    fc.integer({ min: seconds('1950-01-01T00:00:00Z'), max: seconds('9999-12-31T23:59:59Z') }),
  )
  .map((second) => new Date(second * 1000))

const entries = fc.record({
  serialNumber: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  revocationDate: dates,
  reasonCode: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 9, 10),
})

const facts = (list: Iterable<RevokedCertificate>): readonly unknown[] =>
  Array.from(list, ({ serialNumber, revocationDate, reasonCode }) => [
    BigInt(`0x${hexOf(serialNumber)}`),
    revocationDate.getTime(),
    reasonCode,
  ])

test('a CRL with any entries, times and number survives a round trip', () => {
  fc.assert(
    fc.property(
      fc.array(entries, { maxLength: 20 }),
      fc.tuple(dates, dates),
      fc.bigInt({ min: 0n, max: crlNumberMax }),
      (list, [thisUpdate, nextUpdate], crlNumber) => {
        const fields = fieldsOf({ thisUpdate, nextUpdate }, crlNumber)
        const tbs = encodeTbsCertList(fields, piecesOf(list))
        const crl = parseCertificateList(encodeCertificateList(tbs, algorithm, bytes('0102')))
        assert.equal(hexOf(crl.tbsCertListDer), hexOf(tbs))
        assert.equal(hexOf(crl.signatureAlgorithm.der), hexOf(algorithm))
        assert.equal(hexOf(crl.issuer), hexOf(issuer))
        assert.deepEqual(crl.thisUpdate, thisUpdate)
        assert.deepEqual(crl.nextUpdate, nextUpdate)
        assert.equal(crl.crlNumber, crlNumber)
        assert.equal(hexOf(crl.signature), '0102')
        assert.deepEqual(
          crl.crlExtensions.map(({ oid, critical, value }) => [oid, critical, hexOf(value)]),
          fields.crlExtensions.map(({ oid, critical, value }) => [oid, critical, hexOf(value)]),
        )
        assert.deepEqual(facts(readRevokedCertificates(crl.revokedCertificates)), facts(list))
      },
    ),
  )
})

test('entries in several pieces have the same encoding as entries in one piece', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 8 }), fc.nat(400), (list, cut) => {
      const whole = Buffer.concat(piecesOf(list))
      const pieces = [whole.subarray(0, cut), new Uint8Array(), whole.subarray(cut)]
      assert.equal(
        hexOf(encodeTbsCertList(fieldsOf(), pieces)),
        hexOf(encodeTbsCertList(fieldsOf(), [whole])),
      )
    }),
  )
})

test('without entries, revokedCertificates is omitted, for any number of empty pieces', () => {
  const empty = encodeTbsCertList(fieldsOf(), [])
  assert.deepEqual(encodeTbsCertList(fieldsOf(), [new Uint8Array(), new Uint8Array()]), empty)
  assert.deepEqual(encodeTbsCertList(fieldsOf(), new RevokedCertificatesWriter().pieces()), empty)
  const expected = encodeSequence(
    encodeSmallInteger(1),
    algorithm,
    issuer,
    encodeTime(fieldsOf().thisUpdate),
    encodeTime(fieldsOf().nextUpdate),
    encodeElement(contextTag(0, true), encodeExtensions(fieldsOf().crlExtensions)),
  )
  assert.equal(hexOf(empty), hexOf(expected))
  assert.equal(parseCertificateList(signedList(empty)).revokedCertificates.length, 0)
})

test('CRL numbers of up to 20 bytes are encoded, and all others are refused', () => {
  assert.equal(hexOf(encodeCrlNumber(0n)), '020100')
  assert.equal(hexOf(encodeCrlNumber(127n)), '02017f')
  assert.equal(hexOf(encodeCrlNumber(128n)), '02020080')
  assert.equal(hexOf(encodeCrlNumber(1_772_352_930_000n)), '0206019ca87780d0')
  assert.equal(hexOf(encodeCrlNumber(crlNumberMax)), `02147f${'ff'.repeat(19)}`)
  assert.throws(() => encodeCrlNumber(crlNumberMax + 1n), RangeError)
  assert.throws(() => encodeCrlNumber(-1n), RangeError)
})

test('a time that a CRL cannot represent is refused', () => {
  for (const text of ['1949-12-31T23:59:59Z', '+010000-01-01T00:00:00Z']) {
    const date = new Date(text)
    assert.throws(() => encodeTbsCertList(fieldsOf({ thisUpdate: date }), []), RangeError)
    assert.throws(() => encodeTbsCertList(fieldsOf({ nextUpdate: date }), []), RangeError)
  }
})

const sample = signedList(
  encodeTbsCertList(
    fieldsOf(),
    piecesOf([
      {
        serialNumber: bytes('00ff00112233445566778899aabbccdd'),
        revocationDate: new Date('2026-02-01T00:00:00Z'),
        reasonCode: 1,
      },
      {
        serialNumber: Uint8Array.of(1),
        revocationDate: new Date('2051-02-01T00:00:00Z'),
        reasonCode: 0,
      },
    ]),
  ),
)

test('a CRL that is truncated anywhere, or has an extra byte, is refused', () => {
  parseCertificateList(sample)
  for (let length = 0; length < sample.length; length += 1)
    assert.throws(() => parseCertificateList(sample.subarray(0, length)), DerError, `${length}`)
  assert.throws(() => parseCertificateList(Buffer.concat([sample, Uint8Array.of(0)])), DerError)
})

/** Reads a CRL, and requires every error to be a DerError. */
function readOrRefuse(der: Uint8Array): void {
  try {
    for (const _ of readRevokedCertificates(parseCertificateList(der).revokedCertificates));
  } catch (error) {
    assert.ok(error instanceof DerError, `${String(error)} at ${hexOf(der)}`)
  }
}

test('a CRL with any byte changed to any value is read, or refused with a DerError', () => {
  const changed = Buffer.from(sample)
  for (let at = 0; at < sample.length; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      changed[at] = byte
      readOrRefuse(changed)
    }
    changed[at] = sample[at] ?? 0
  }
  assert.deepEqual(Uint8Array.from(changed), Uint8Array.from(sample))
})

test('any bytes, and a CRL with any part replaced, are read or refused with a DerError', () => {
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

/** Encodes a CertificateList whose TBSCertList has the given elements. */
function listOf(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeCertificateList(encodeSequence(...elements), algorithm, bytes('00'))
}

const version = encodeSmallInteger(1)
const time = encodeTime(new Date('2026-03-01T08:15:30Z'))
const numberExtension = { oid: oids.crlNumber, critical: false, value: encodeCrlNumber(7n) }
const wrapped = (extensions: Uint8Array): Uint8Array =>
  encodeElement(contextTag(0, true), extensions)
const extensions = wrapped(encodeExtensions([numberExtension]))
const withNumber = (hex: string): Uint8Array =>
  listOf(
    version,
    algorithm,
    issuer,
    time,
    time,
    wrapped(encodeExtensions([{ ...numberExtension, value: bytes(hex) }])),
  )

test('CRLs of version 1, without nextUpdate, or otherwise outside the profile are refused', () => {
  assert.equal(
    parseCertificateList(listOf(version, algorithm, issuer, time, time, extensions)).crlNumber,
    7n,
  )
  const other = signatureAlgorithmIdentifier('SHA256WITHRSA')
  for (const [title, der] of Object.entries({
    'version 1': listOf(algorithm, issuer, time, time),
    'version 3': listOf(encodeSmallInteger(2), algorithm, issuer, time, time, extensions),
    'no nextUpdate': listOf(version, algorithm, issuer, time, extensions),
    'no extensions': listOf(version, algorithm, issuer, time, time),
    'two extensions elements': listOf(
      version,
      algorithm,
      issuer,
      time,
      time,
      extensions,
      extensions,
    ),
    'entries after the extensions': listOf(
      version,
      algorithm,
      issuer,
      time,
      time,
      extensions,
      encodeSequence(),
    ),
    'another algorithm in the TBSCertList': listOf(version, other, issuer, time, time, extensions),
    'unused bits in the signature': encodeSequence(
      encodeSequence(version, algorithm, issuer, time, time, extensions),
      algorithm,
      encodeElement(tags.bitString, bytes('0100')),
    ),
    'a signature that is an OCTET STRING': encodeSequence(
      encodeSequence(version, algorithm, issuer, time, time, extensions),
      algorithm,
      encodeOctetString(bytes('00')),
    ),
    'a nonexistent time': listOf(
      version,
      algorithm,
      issuer,
      encodeElement(tags.utcTime, Buffer.from('260230000000Z')),
      time,
      extensions,
    ),
    'a negative number': withNumber('020180'),
    'a number that is not minimal': withNumber('02020001'),
    'a number of 21 bytes': withNumber(`021500${'ff'.repeat(20)}`),
    'a number that is an OCTET STRING': withNumber('040101'),
    'a number with trailing data': withNumber('02010100'),
  }))
    assert.throws(() => parseCertificateList(der), DerError, title)
})

test('a CRL number of 20 bytes is read, and crlNumber is undefined without the extension', () => {
  assert.equal(parseCertificateList(withNumber(`02147f${'ff'.repeat(19)}`)).crlNumber, crlNumberMax)
  const without = listOf(version, algorithm, issuer, time, time, wrapped(encodeExtensions([])))
  assert.equal(parseCertificateList(without).crlNumber, undefined)
  assert.equal(
    findExtension(parseCertificateList(without).crlExtensions, oids.crlNumber),
    undefined,
  )
})

const folder = new URL('../../testdata/revocation/', import.meta.url)
const samples = readdirSync(folder).flatMap((file) => /^(.*)\.crl\.der$/.exec(file)?.[1] ?? [])

/** Reason codes by their names in the output of `openssl crl -text`. */
const reasonWords: Record<string, number> = {
  Unspecified: 0,
  'Key Compromise': 1,
  'CA Compromise': 2,
  'Affiliation Changed': 3,
  Superseded: 4,
  'Cessation Of Operation': 5,
  'Certificate Hold': 6,
  'Remove From CRL': 8,
  'Privilege Withdrawn': 9,
  'AA Compromise': 10,
}

const group = (text: string, pattern: RegExp): string => {
  const found = pattern.exec(text)?.[1]
  assert.ok(found !== undefined, String(pattern))
  return found
}

test('samples from every tool exist, with and without entries', () => {
  assert.ok(samples.length >= 7)
  for (const name of ['empty', 'reasons-partition', 'gnutls', 'pyca'])
    assert.ok(samples.includes(name))
})

for (const name of samples)
  test(`the CRL ${name} of another tool is read as OpenSSL prints it, and its signature is valid`, async () => {
    const der = readFileSync(new URL(`${name}.crl.der`, folder))
    const text = readFileSync(new URL(`${name}.crl.txt`, folder), 'utf8')
    const [head = '', list = ''] = text.split(/^Revoked Certificates:$/m)
    const crl = parseCertificateList(der)
    assert.equal(crl.thisUpdate.getTime(), Date.parse(group(text, /Last Update: (.*)/)))
    assert.equal(crl.nextUpdate.getTime(), Date.parse(group(text, /Next Update: (.*)/)))
    assert.equal(crl.crlNumber, BigInt(group(head, /CRL Number: *\n +(\S+)/)))
    const found = list.split(/^ {4}Serial Number: /m).slice(1)
    assert.deepEqual(
      facts(readRevokedCertificates(crl.revokedCertificates)),
      found.map((entry) => [
        BigInt(`0x${group(entry, /^([0-9A-F]+)/)}`),
        Date.parse(group(entry, /Revocation Date: (.*)/)),
        entry.includes('Reason Code')
          ? reasonWords[group(entry, /Reason Code: *\n *(.*?) *\n/)]
          : 0,
      ]),
    )
    const signer = group(text, /Issuer: .*CN = (\S+)/)
    const issuerCertificate = parseCertificate(readFileSync(new URL(`${signer}.crt.der`, folder)))
    assert.equal(hexOf(crl.issuer), hexOf(issuerCertificate.subject.der))
    const { subjectPublicKeyInfo } = issuerCertificate
    const { signatureAlgorithm, signature, tbsCertListDer: message } = crl
    const signed = { subjectPublicKeyInfo, signatureAlgorithm, signature, message }
    assert.equal(await verifySignature(signed), 'valid')
    const keyIdentifier = /Authority Key Identifier: *\n +(?:keyid:)?([0-9A-F:]+)/.exec(head)?.[1]
    const extension = findExtension(crl.crlExtensions, oids.authorityKeyIdentifier)
    assert.equal(
      extension && hexOf(parseAuthorityKeyIdentifier(extension.value) ?? new Uint8Array()),
      keyIdentifier?.replaceAll(':', '').toLowerCase(),
    )
  })

test('issuingDistributionPoint has the same encoding as in OpenSSL', () => {
  const uri = 'http://crl.example.com/crl/1f.crl'
  for (const name of ['empty-partition', 'reasons-partition']) {
    const { crlExtensions } = parseCertificateList(readFileSync(new URL(`${name}.crl.der`, folder)))
    const extension = findExtension(crlExtensions, oids.issuingDistributionPoint)
    assert.equal(extension?.critical, true)
    assert.equal(hexOf(extension.value), hexOf(encodeIssuingDistributionPoint(uri)))
  }
})

test('a CRL of pyca/cryptography that is read and encoded again has the same bytes', () => {
  const der = readFileSync(new URL('pyca.crl.der', folder))
  const crl = parseCertificateList(der)
  const tbs = encodeTbsCertList(
    { ...crl, signatureAlgorithm: crl.signatureAlgorithm.der },
    piecesOf([...readRevokedCertificates(crl.revokedCertificates)]),
  )
  assert.equal(
    hexOf(encodeCertificateList(tbs, crl.signatureAlgorithm.der, crl.signature)),
    hexOf(der),
  )
})

test('CRLs of other tools are refused if truncated, and read or refused with a DerError if damaged', () => {
  for (const name of samples) {
    const der = readFileSync(new URL(`${name}.crl.der`, folder))
    for (let at = 0; at < der.length; at += 1) {
      assert.throws(() => parseCertificateList(der.subarray(0, at)), DerError, `${name} ${at}`)
      const changed = Buffer.from(der)
      for (const byte of [0x00, 0xff, 0x80, (der[at] ?? 0) ^ 1, ((der[at] ?? 0) + 1) & 0xff]) {
        changed[at] = byte
        readOrRefuse(changed)
      }
    }
  }
})
