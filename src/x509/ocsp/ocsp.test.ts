/** Tests of OCSP requests from other tools, malformed requests, and the encoding of responses. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { signatureAlgorithmIdentifier } from '../algorithm-identifier.ts'
import { parseCertificate } from '../certificate.ts'
import { DerError } from '../der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags } from '../der/reader.ts'
import { readBitStringBytes } from '../der/values.ts'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsigned,
} from '../der/writer.ts'
import { encodeExtensions, type Extension } from '../extensions/extensions.ts'
import { parseOcspRequest } from './request.ts'
import {
  encodeOcspError,
  encodeOcspResponse,
  encodeResponseData,
  ocspErrors,
  type ResponseDataFields,
  type SingleResponse,
} from './encode-response.ts'
import { decodeOid, encodeOidElement, oids } from '../der/oid.ts'
import { encodeGeneralizedTime } from '../der/time.ts'

const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

const folder = new URL('../../../testdata/revocation/', import.meta.url)
const fileOf = (name: string): Buffer => readFileSync(new URL(name, folder))

const hashBytes = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const
type Hash = keyof typeof hashBytes

interface CertIdOptions {
  readonly hash: Hash
  readonly serialNumber: Uint8Array
  /** Whether the hash algorithm has NULL parameters. */
  readonly hasNull: boolean
}

const nullDer = bytes('0500')

function certIdOf({ hash, serialNumber, hasNull }: CertIdOptions): Uint8Array {
  const digest = (text: string): Uint8Array => createHash(hash).update(text).digest()
  return encodeSequence(
    encodeSequence(encodeOidElement(oids[hash]), ...(hasNull ? [nullDer] : [])),
    encodeOctetString(digest('name')),
    encodeOctetString(digest('key')),
    encodeUnsigned(serialNumber),
  )
}

const requestOf = (certId: Uint8Array): Uint8Array => encodeSequence(certId)
const requestList = (...certIds: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(...certIds.map(requestOf))
const extensionsOf = (...extensions: readonly Extension[]): Uint8Array =>
  encodeElement(contextTag(2, true), encodeExtensions(extensions))

/** Encodes an OCSPRequest whose TBSRequest has the given elements. */
const ocspRequest = (...elements: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeSequence(...elements))

const nonceOf = (value: Uint8Array): Extension => ({
  oid: oids.ocspNonce,
  critical: false,
  value: encodeOctetString(value),
})

const plain: CertIdOptions = { hash: 'sha1', serialNumber: bytes('01'), hasNull: true }

const certIdOptions = fc.record({
  hash: fc.constantFrom<Hash>(...(Object.keys(hashBytes) as Hash[])),
  serialNumber: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  hasNull: fc.boolean(),
})

test('CertIDs and the nonce of any request are read back', () => {
  fc.assert(
    fc.property(
      fc.array(certIdOptions, { minLength: 1, maxLength: 20 }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 128 }), { nil: undefined }),
      (list, nonce) => {
        const certIds = list.map(certIdOf)
        const extensions = nonce === undefined ? [] : [extensionsOf(nonceOf(nonce))]
        const request = parseOcspRequest(ocspRequest(requestList(...certIds), ...extensions))
        assert.deepEqual(
          request.certIds.map(({ der, hash, issuerNameHash, issuerKeyHash, serialNumber }) => ({
            der: hexOf(der),
            hash,
            nameHash: hexOf(issuerNameHash),
            keyHash: hexOf(issuerKeyHash),
            serialNumber: hexOf(encodeElement(tags.integer, serialNumber)),
          })),
          list.map((options, at) => ({
            der: hexOf(certIds[at] ?? new Uint8Array()),
            hash: options.hash,
            nameHash: createHash(options.hash).update('name').digest('hex'),
            keyHash: createHash(options.hash).update('key').digest('hex'),
            serialNumber: hexOf(encodeUnsigned(options.serialNumber)),
          })),
        )
        assert.equal(
          request.nonce && hexOf(request.nonce.value),
          nonce && hexOf(encodeOctetString(nonce)),
        )
      },
    ),
  )
})

test('a nonce must have from 1 to 128 bytes, and a critical nonce stays critical', () => {
  const withNonce = (nonce: Extension): Uint8Array =>
    ocspRequest(requestList(certIdOf(plain)), extensionsOf(nonce))
  for (const length of [1, 16, 32, 128]) {
    const nonce = nonceOf(new Uint8Array(length).fill(7))
    assert.equal(parseOcspRequest(withNonce(nonce)).nonce?.critical, false)
    assert.equal(parseOcspRequest(withNonce({ ...nonce, critical: true })).nonce?.critical, true)
  }
  for (const length of [0, 129, 4096])
    assert.throws(() => parseOcspRequest(withNonce(nonceOf(new Uint8Array(length)))), DerError)
  for (const value of ['', '0101ff', '040101ff', '040201'])
    assert.throws(
      () => parseOcspRequest(withNonce({ ...nonceOf(new Uint8Array()), value: bytes(value) })),
      DerError,
      value,
    )
})

test('unknown extensions are skipped, unless they are critical', () => {
  const unknown = { oid: '1.2.3.4', critical: false, value: bytes('0500') }
  const single = (extension: Extension): Uint8Array =>
    ocspRequest(
      encodeSequence(
        encodeSequence(
          certIdOf(plain),
          encodeElement(contextTag(0, true), encodeExtensions([extension])),
        ),
      ),
    )
  const whole = (extension: Extension): Uint8Array =>
    ocspRequest(requestList(certIdOf(plain)), extensionsOf(extension))
  for (const requestWith of [single, whole]) {
    assert.equal(parseOcspRequest(requestWith(unknown)).certIds.length, 1)
    assert.throws(() => parseOcspRequest(requestWith({ ...unknown, critical: true })), DerError)
  }
  const both = ocspRequest(
    requestList(certIdOf(plain)),
    extensionsOf(unknown, nonceOf(bytes('0102'))),
  )
  assert.equal(hexOf(parseOcspRequest(both).nonce?.value ?? new Uint8Array()), '04020102')
})

test('version, requestor name and signature are accepted', () => {
  const version = encodeElement(contextTag(0, true), encodeSmallInteger(0))
  const requestor = encodeElement(
    contextTag(1, true),
    encodeElement(contextTag(2, false), Buffer.from('client.example.com')),
  )
  const list = requestList(certIdOf(plain))
  assert.equal(parseOcspRequest(ocspRequest(version, requestor, list)).certIds.length, 1)
  const signature = encodeElement(
    contextTag(0, true),
    encodeSequence(signatureAlgorithmIdentifier('SHA256WITHECDSA'), encodeBitString(bytes('00'))),
  )
  const signed = encodeSequence(encodeSequence(list), signature)
  assert.equal(parseOcspRequest(signed).certIds.length, 1)
  const second = encodeElement(contextTag(0, true), encodeSmallInteger(1))
  assert.throws(() => parseOcspRequest(ocspRequest(second, list)), DerError)
})

test('a request may have at most 20 certificates', () => {
  const certIds = Array.from({ length: 21 }, (_, at) =>
    certIdOf({ ...plain, serialNumber: Uint8Array.of(at + 1) }),
  )
  assert.equal(parseOcspRequest(ocspRequest(requestList(...certIds.slice(1)))).certIds.length, 20)
  assert.throws(() => parseOcspRequest(ocspRequest(requestList(...certIds))), DerError)
})

test('malformed requests are refused', () => {
  const certId = certIdOf(plain)
  const [name, key] = [
    encodeOctetString(bytes('ab'.repeat(20))),
    encodeOctetString(bytes('cd'.repeat(20))),
  ]
  const sha1 = encodeSequence(encodeOidElement(oids.sha1), nullDer)
  const one = encodeUnsigned(bytes('01'))
  const ofCertId = (...parts: readonly Uint8Array[]): Uint8Array =>
    ocspRequest(requestList(encodeSequence(...parts)))
  assert.equal(parseOcspRequest(ofCertId(sha1, name, key, one)).certIds.length, 1)
  for (const [title, der] of Object.entries({
    'an empty list of requests': ocspRequest(encodeSequence()),
    'an empty sequence': encodeSequence(),
    'an empty buffer': new Uint8Array(),
    'trailing data': Buffer.concat([ocspRequest(requestList(certId)), bytes('00')]),
    'an element after the extensions': ocspRequest(
      requestList(certId),
      extensionsOf(nonceOf(bytes('01'))),
      nullDer,
    ),
    'two nonces': ocspRequest(
      requestList(certId),
      extensionsOf(nonceOf(bytes('01')), nonceOf(bytes('02'))),
    ),
    'the unsupported hash SHA3-256': ofCertId(
      encodeSequence(encodeOidElement('2.16.840.1.101.3.4.2.8'), nullDer),
      name,
      key,
      one,
    ),
    'SHA-512 with hashes of SHA-1': ofCertId(
      encodeSequence(encodeOidElement(oids.sha512), nullDer),
      name,
      key,
      one,
    ),
    'SHA-256 with hashes of SHA-1': ofCertId(
      encodeSequence(encodeOidElement(oids.sha256)),
      name,
      key,
      one,
    ),
    'parameters that are not NULL': ofCertId(
      encodeSequence(encodeOidElement(oids.sha1), one),
      name,
      key,
      one,
    ),
    'no serial number': ofCertId(sha1, name, key),
    'an empty serial number': ofCertId(sha1, name, key, bytes('0200')),
    'a serial number that is not minimal': ofCertId(sha1, name, key, bytes('02020001')),
    'an element after the serial number': ofCertId(sha1, name, key, one, one),
  }))
    assert.throws(() => parseOcspRequest(der), DerError, title)
})

const requestSamples = [
  'sha1',
  'sha1-nonce',
  'sha256',
  'sha256-nonce',
  'several',
  'signed',
  'gnutls',
]

for (const name of requestSamples)
  test(`the request ${name} of another tool is read as OpenSSL prints it`, () => {
    const text = fileOf(`${name}.ocsp.txt`).toString('utf8')
    const { certIds, nonce } = parseOcspRequest(fileOf(`${name}.ocsp.der`))
    const expected = [
      ...text.matchAll(
        /Hash Algorithm: (\S+)\n *Issuer Name Hash: (\S+)\n *Issuer Key Hash: (\S+)\n *Serial Number: (\S+)/g,
      ),
    ].map(([, hash, nameHash, keyHash, serial]) => [hash, nameHash, keyHash, BigInt(`0x${serial}`)])
    assert.ok(expected.length > 0)
    assert.deepEqual(
      certIds.map(({ hash, issuerNameHash, issuerKeyHash, serialNumber }) => [
        hash,
        hexOf(issuerNameHash).toUpperCase(),
        hexOf(issuerKeyHash).toUpperCase(),
        BigInt(`0x${hexOf(serialNumber)}`),
      ]),
      expected,
    )
    const nonceText = /OCSP Nonce: *\n *([0-9A-F]+)/.exec(text)?.[1]
    assert.equal(nonce && hexOf(nonce.value).toUpperCase(), nonceText)
  })

test('the hashes in a request of another tool match the name and the key of the CA', () => {
  const { certIds } = parseOcspRequest(fileOf('several.ocsp.der'))
  for (const [at, signer] of ['ec', 'ec', 'ec', 'ec', 'rsa'].entries()) {
    const { subject, subjectPublicKeyInfo } = parseCertificate(fileOf(`${signer}.crt.der`))
    const { hash = 'sha1', issuerNameHash, issuerKeyHash } = certIds[at] ?? {}
    const digest = (value: Uint8Array): string => createHash(hash).update(value).digest('hex')
    assert.equal(issuerNameHash && hexOf(issuerNameHash), digest(subject.der))
    assert.equal(
      issuerKeyHash && hexOf(issuerKeyHash),
      digest(subjectPublicKeyInfo.subjectPublicKey),
    )
  }
})

test('a request of another tool with SHA-512 is read', () => {
  const { certIds } = parseOcspRequest(fileOf('sha512.ocsp.der'))
  assert.deepEqual(
    certIds.map(({ hash, issuerNameHash }) => [hash, issuerNameHash.length]),
    [['sha512', 64]],
  )
})

/** Reads a request, and requires every error to be a DerError. */
function readOrRefuse(der: Uint8Array): void {
  try {
    const { certIds } = parseOcspRequest(der)
    assert.ok(certIds.length >= 1 && certIds.length <= 20)
    for (const { hash, issuerNameHash, issuerKeyHash } of certIds)
      assert.deepEqual(
        [issuerNameHash.length, issuerKeyHash.length],
        [hashBytes[hash], hashBytes[hash]],
      )
  } catch (error) {
    assert.ok(error instanceof DerError, `${String(error)} at ${hexOf(der)}`)
  }
}

test('a request that is truncated anywhere is refused', () => {
  for (const name of requestSamples) {
    const der = fileOf(`${name}.ocsp.der`)
    for (let length = 0; length < der.length; length += 1)
      assert.throws(() => parseOcspRequest(der.subarray(0, length)), DerError, `${name} ${length}`)
  }
})

test('a request with any byte changed to any value is read, or refused with a DerError', () => {
  for (const name of ['sha1-nonce', 'sha256', 'several']) {
    const der = fileOf(`${name}.ocsp.der`)
    const changed = Buffer.from(der)
    for (let at = 0; at < der.length; at += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        changed[at] = byte
        readOrRefuse(changed)
      }
      changed[at] = der[at] ?? 0
    }
  }
})

test('any bytes, and a request with any part replaced, are read or refused with a DerError', () => {
  const der = fileOf('several.ocsp.der')
  fc.assert(
    fc.property(fc.nat(der.length), fc.nat(40), fc.uint8Array(), (start, length, middle) => {
      readOrRefuse(middle)
      readOrRefuse(Buffer.concat([der.subarray(0, start), middle, der.subarray(start + length)]))
    }),
    { numRuns: 3000 },
  )
})

const thisUpdate = new Date('2026-03-01T08:15:30.999Z')
const nextUpdate = new Date('2050-03-01T09:15:30Z')
const good: SingleResponse = {
  certId: certIdOf(plain),
  revocation: undefined,
  thisUpdate,
  nextUpdate,
}

test('a response with the status good is encoded as RFC 6960 defines', () => {
  const data = encodeResponseData({
    responderKeyHash: new Uint8Array(20).fill(0xab),
    producedAt: thisUpdate,
    responses: [good],
    nonce: undefined,
  })
  const time = (text: string): string => `180f${Buffer.from(text).toString('hex')}`
  const single = `${hexOf(certIdOf(plain))}8000${time('20260301081530Z')}a011${time('20500301091530Z')}`
  const length = (hex: string): string => (hex.length / 2).toString(16).padStart(2, '0')
  const list = `30${length(single)}${single}`
  const body = `a2160414${'ab'.repeat(20)}${time('20260301081530Z')}30${length(list)}${list}`
  assert.equal(hexOf(data), `3081${length(body)}${body}`)
})

test('an error response contains only the status', () => {
  for (const [error, hex] of [
    ['malformedRequest', '30030a0101'],
    ['internalError', '30030a0102'],
    ['tryLater', '30030a0103'],
    ['unauthorized', '30030a0106'],
  ] as const) {
    assert.equal(hexOf(encodeOcspError(error)), hex)
    assert.equal(ocspErrors[error], Number(hex.at(-1)))
  }
})

const statuses = fc.record({
  certId: certIdOptions.map(certIdOf),
  revocation: fc.option(
    fc.record({
      revocationTime: fc
        .integer({ min: 0, max: Date.parse('9999-12-31T23:59:59Z') / 1000 })
        .map((second) => new Date(second * 1000)),
      reasonCode: fc.constantFrom(0, 1, 2, 3, 4, 5, 9, 10),
    }),
    { nil: undefined },
  ),
})

const generalized = (reader: DerReader): string =>
  Buffer.from(reader.element(tags.generalizedTime).content).toString('latin1')
const textOf = (date: Date): string => date.toISOString().replaceAll(/[-:T]|\.\d{3}/g, '')

/** Reads a SingleResponse according to the grammar in RFC 6960. */
function readSingle(reader: DerReader): unknown {
  const certId = hexOf(reader.any().der)
  const status = reader.any()
  let revoked: readonly (string | number | undefined)[] | undefined
  if (status.tag === contextTag(1, true)) {
    const inner = new DerReader(status.content, 'RevokedInfo')
    const time = generalized(inner)
    const reason = inner.optional(contextTag(0, true))
    inner.end()
    const code = reason && new DerReader(reason.content, 'reason').element(tags.enumerated).content
    revoked = [time, code?.[0] ?? 0]
  } else assert.equal(hexOf(status.der), '8000')
  const thisTime = generalized(reader)
  const nextTime = generalized(reader.nested(contextTag(0, true), 'nextUpdate'))
  reader.end()
  return { certId, revoked, thisTime, nextTime }
}

test('any response is read back by the grammar of RFC 6960', () => {
  const key = new Uint8Array(20).fill(1)
  fc.assert(
    fc.property(
      fc.array(statuses, { minLength: 1, maxLength: 20 }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 128 }), { nil: undefined }),
      (list, nonceBytes) => {
        const nonce = nonceBytes && nonceOf(nonceBytes)
        const fields: ResponseDataFields = {
          responderKeyHash: key,
          producedAt: thisUpdate,
          responses: list.map((status) => ({ ...status, thisUpdate, nextUpdate })),
          nonce,
        }
        const signature = bytes('010203')
        const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
        const data = encodeResponseData(fields)
        const signed = { responseData: data, signatureAlgorithm: algorithm, signature }
        const outer = readOnlyNested(
          encodeOcspResponse({ ...signed, certificate: undefined }),
          tags.sequence,
          'OCSPResponse',
        )
        assert.equal(hexOf(outer.element(tags.enumerated).der), '0a0100')
        const responseBytes = outer.nested(contextTag(0, true), 'responseBytes')
        outer.end()
        const inner = responseBytes.nested(tags.sequence, 'ResponseBytes')
        responseBytes.end()
        assert.equal(decodeOid(inner.element(tags.oid).content), oids.ocspBasic)
        const basic = readOnlyNested(
          inner.element(tags.octetString).content,
          tags.sequence,
          'BasicOCSPResponse',
        )
        inner.end()
        const tbs = basic.any()
        assert.equal(hexOf(tbs.der), hexOf(data))
        assert.equal(hexOf(basic.any().der), hexOf(algorithm))
        const bits = readBitStringBytes(basic.element(tags.bitString), 'signature')
        assert.equal(hexOf(bits), hexOf(signature))
        basic.end()
        const reader = new DerReader(tbs.content, 'ResponseData')
        const byKey = reader.nested(contextTag(2, true), 'byKey')
        assert.equal(hexOf(byKey.element(tags.octetString).content), hexOf(key))
        assert.equal(generalized(reader), '20260301081530Z')
        const responses = reader.nested(tags.sequence, 'responses')
        const read: unknown[] = []
        while (!responses.atEnd) read.push(readSingle(responses.nested(tags.sequence, 'one')))
        const extensions = reader.optional(contextTag(1, true))
        reader.end()
        assert.equal(
          extensions && hexOf(extensions.content),
          nonce && hexOf(encodeExtensions([nonce])),
        )
        assert.deepEqual(
          read,
          list.map(({ certId, revocation }) => ({
            certId: hexOf(certId),
            revoked: revocation && [textOf(revocation.revocationTime), revocation.reasonCode],
            thisTime: '20260301081530Z',
            nextTime: '20500301091530Z',
          })),
        )
      },
    ),
  )
})

test('the reason unspecified is omitted from a response, as in CRLs', () => {
  const data = encodeResponseData({
    responderKeyHash: new Uint8Array(20),
    producedAt: thisUpdate,
    responses: [
      { ...good, revocation: { revocationTime: thisUpdate, reasonCode: 0 } },
      { ...good, revocation: { revocationTime: thisUpdate, reasonCode: 5 } },
    ],
    nonce: undefined,
  })
  const time = `180f${Buffer.from('20260301081530Z').toString('hex')}`
  assert.equal(hexOf(data).includes(`a111${time}180f`), true)
  assert.equal(hexOf(data).includes(`a116${time}a0030a0105180f`), true)
})

test('encodeGeneralizedTime encodes whole seconds from 1950 to 9999, and refuses other times', () => {
  const text = (date: Date): string => Buffer.from(encodeGeneralizedTime(date)).toString('latin1')
  assert.equal(text(new Date('2026-03-01T08:15:30.999Z')), '\x18\x0f20260301081530Z')
  assert.equal(text(new Date('1950-01-01T00:00:00Z')), '\x18\x0f19500101000000Z')
  assert.equal(text(new Date('2049-12-31T23:59:59Z')), '\x18\x0f20491231235959Z')
  assert.equal(text(new Date('9999-12-31T23:59:59Z')), '\x18\x0f99991231235959Z')
  for (const date of ['1949-12-31T23:59:59Z', '+010000-01-01T00:00:00Z', 'never'])
    assert.throws(() => encodeGeneralizedTime(new Date(date)), RangeError)
})
