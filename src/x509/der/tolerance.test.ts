/** Tests of non-DER encodings: strict readers reject them, and tolerant readers return the same value as for DER. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBasicConstraints, parseBasicConstraints } from '../extensions/basic-constraints.ts'
import { encodeCertificate, encodeTbsCertificate, parseCertificate } from '../certificate.ts'
import { parseCertificationRequest, type CertificationRequest } from '../certification-request.ts'
import { DerError } from './error.ts'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from './writer.ts'
import { encodeExtensions, parseExtensions, type Extension } from '../extensions/extensions.ts'
import { encodeGeneralNames } from '../names/general-name.ts'
import { parseNameConstraints } from '../extensions/name-constraints.ts'
import { encodeName } from '../names/name.ts'
import { encodeOidElement, oids } from './oid.ts'
import { issuerTolerance, requestTolerance, strict, type Tolerance } from './tolerance.ts'
import { verifySignature } from '../verify-signature.ts'

const tolerances: readonly Tolerance[] = [requestTolerance, issuerTolerance]
const seed = { seed: 15, numRuns: 500 }

/** Encodings of a BOOLEAN DEFAULT FALSE, each with its elements, its value, and whether it is DER. */
const optionalBoolean = fc
  .option(fc.integer({ min: 0, max: 255 }), { nil: undefined })
  .map((byte) => ({
    der: byte === undefined ? [] : [Uint8Array.of(1, 1, byte)],
    value: byte !== undefined && byte !== 0,
    isDer: byte === undefined || byte === 0xff,
  }))

function readsOnlyDer<T>(isDer: boolean, read: (tolerance: Tolerance) => T, expected: T): void {
  for (const tolerance of tolerances) assert.deepEqual(read(tolerance), expected)
  if (isDer) assert.deepEqual(read(strict), expected)
  else assert.throws(() => read(strict), /not a DER BOOLEAN|is FALSE, which DER omits/)
}

test('tolerant readers accept every BER BOOLEAN for cA, and the strict reader only DER', () => {
  const length = fc.option(fc.nat({ max: 300 }), { nil: undefined })
  fc.assert(
    fc.property(optionalBoolean, length, ({ der, value: ca, isDer }, pathLength) => {
      const pathLenConstraint = ca ? pathLength : undefined
      const parts = pathLenConstraint === undefined ? [] : [encodeSmallInteger(pathLenConstraint)]
      const value = encodeSequence(...der, ...parts)
      const expected = { ca, pathLenConstraint }
      readsOnlyDer(isDer, (tolerance) => parseBasicConstraints(value, tolerance), expected)
    }),
    seed,
  )
})

test('tolerant readers accept every BER BOOLEAN for critical, and it is encoded again as DER', () => {
  fc.assert(
    fc.property(
      optionalBoolean,
      optionalBoolean,
      fc.uint8Array({ maxLength: 40 }),
      (critical, ca, bytes) => {
        const constraints = encodeSequence(...ca.der)
        const extension = (oid: string, value: Uint8Array): Uint8Array =>
          encodeSequence(encodeOidElement(oid), ...critical.der, encodeOctetString(value))
        const der = encodeSequence(
          extension(oids.subjectAltName, bytes),
          extension(oids.basicConstraints, constraints),
        )
        const basicConstraints = encodeBasicConstraints({
          ca: ca.value,
          pathLenConstraint: undefined,
        })
        const read = (tolerance: Tolerance): [string, boolean, Buffer][] =>
          parseExtensions(der, tolerance).map(({ oid, value, ...rest }) => [
            oid,
            rest.critical,
            Buffer.from(value),
          ])
        const expected = (value: Uint8Array): [string, boolean, Buffer][] => [
          [oids.subjectAltName, critical.value, Buffer.from(bytes)],
          [oids.basicConstraints, critical.value, Buffer.from(value)],
        ]
        for (const tolerance of tolerances) {
          assert.deepEqual(read(tolerance), expected(basicConstraints))
          const again = encodeExtensions(parseExtensions(der, tolerance))
          assert.deepEqual(encodeExtensions(parseExtensions(again)), again)
        }
        if (critical.isDer) assert.deepEqual(read(strict), expected(constraints))
        else assert.throws(() => read(strict), /critical of subjectAltName/)
      },
    ),
    seed,
  )
})

test('a minimum of 0 in name constraints is tolerated and dropped, and any other minimum is refused', () => {
  const subtree = (...minimum: readonly number[]): Uint8Array =>
    encodeSequence(encodeElement(0x82, Buffer.from('example.com')), Uint8Array.from(minimum))
  const constraints = (...minimum: readonly number[]): Uint8Array =>
    encodeSequence(encodeElement(0xa0, subtree(...minimum)), encodeElement(0xa1, subtree()))
  const extensions = (value: Uint8Array): Uint8Array =>
    encodeExtensions([{ oid: oids.nameConstraints, critical: true, value }])
  const minimal = constraints()
  for (const tolerance of tolerances) {
    const [extension] = parseExtensions(extensions(constraints(0x80, 1, 0)), tolerance)
    assert.deepEqual(Buffer.from(extension?.value ?? []), Buffer.from(minimal))
    for (const other of [constraints(0x80, 1, 1), constraints(0x81, 1, 0)])
      assert.throws(() => parseNameConstraints(other, tolerance), /minimum/)
  }
  assert.throws(() => parseNameConstraints(constraints(0x80, 1, 0)), /minimum or maximum/)
  assert.equal(parseNameConstraints(minimal).permitted.length, 1)
})

test('a BOOLEAN that is not one byte, and invalid basic constraints, are always refused', () => {
  for (const boolean of ['0100', '0102ffff', '02010a']) {
    const der = encodeSequence(
      encodeSequence(
        encodeOidElement(oids.subjectAltName),
        Buffer.from(boolean, 'hex'),
        encodeOctetString(Uint8Array.of(0x30, 0)),
      ),
    )
    for (const tolerance of [strict, ...tolerances])
      assert.throws(() => parseExtensions(der, tolerance), DerError, boolean)
  }
  const lengthWithoutCa = encodeSequence(Uint8Array.of(1, 1, 0), encodeSmallInteger(1))
  for (const tolerance of tolerances)
    assert.throws(() => parseBasicConstraints(lengthWithoutCa, tolerance), /without cA/)
})

interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
const ec: Keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ecdsa = encodeOidElement(oids.ecdsaWithSha256)
const derNull = Uint8Array.of(5, 0)

/** Encodes a CSR with the given attributes, in the given order. */
function request(
  attributes: readonly Uint8Array[],
  { keys = ec, algorithm = encodeSequence(ecdsa) } = {},
): Uint8Array {
  const hash = keys.publicKey.asymmetricKeyType === 'ed25519' ? undefined : 'sha256'
  const info = encodeSequence(
    encodeSmallInteger(0),
    encodeName([{ type: oids.commonName, value: 'x' }]),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    encodeElement(0xa0, ...attributes),
  )
  return encodeSequence(info, algorithm, encodeBitString(sign(hash, info, keys.privateKey)))
}

function attribute(oid: string, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOidElement(oid), encodeSetOf(values))
}

const san = (host: string, critical = false): Extension => ({
  oid: oids.subjectAltName,
  critical,
  value: encodeGeneralNames([{ kind: 'dNSName', content: Buffer.from(host) }]),
})
const usage: Extension = { oid: oids.keyUsage, critical: true, value: Uint8Array.of(3, 2, 7, 128) }

test("extensions are read from Microsoft's attribute in addition to extensionRequest", () => {
  const read = (...attributes: readonly Uint8Array[]): Extension[] =>
    parseCertificationRequest(request(attributes)).extensions.map((extension) => ({
      ...extension,
      value: Uint8Array.from(extension.value),
    }))
  const own = (...extensions: readonly Extension[]): Uint8Array =>
    attribute(oids.extensionRequest, encodeExtensions(extensions))
  const microsoft = (...extensions: readonly Extension[]): Uint8Array =>
    attribute(oids.microsoftCertExtensions, encodeExtensions(extensions))
  assert.deepEqual(read(microsoft(san('a'))), [san('a')])
  assert.deepEqual(read(own(san('a')), microsoft(usage)), [san('a'), usage])
  assert.deepEqual(read(microsoft(usage), own(san('a'))), [san('a'), usage])
  assert.deepEqual(read(own(san('a')), microsoft(san('a'), usage)), [san('a'), usage])
  for (const other of [san('b'), san('a', true)])
    assert.throws(
      () => read(own(san('a')), microsoft(other)),
      /request different values of subjectAltName/,
    )
  assert.throws(() => read(microsoft(usage), microsoft(san('a'))), /two microsoftCertExtensions/)
  assert.throws(() => read(own(usage), own(san('a'))), /two extensionRequest/)
})

test('an extensionRequest without extensions or without a value requests no extensions', () => {
  for (const oid of [oids.extensionRequest, oids.microsoftCertExtensions]) {
    const withoutValue = request([attribute(oid)])
    const withoutExtensions = request([attribute(oid, encodeSequence())])
    for (const der of [withoutValue, withoutExtensions])
      assert.deepEqual(parseCertificationRequest(der, requestTolerance).extensions, [])
    assert.throws(() => parseCertificationRequest(withoutValue), /values of the attribute .* ends/)
    const twoValues = request([attribute(oid, encodeSequence(), encodeExtensions([usage]))])
    assert.throws(() => parseCertificationRequest(twoValues, requestTolerance), /trailing data/)
  }
})

function checkOf(der: Uint8Array, tolerance: Tolerance): Promise<string> {
  const parsed: CertificationRequest = parseCertificationRequest(der, tolerance)
  const { subjectPublicKeyInfo, signatureAlgorithm, signature } = parsed
  const message = parsed.certificationRequestInfoDer
  return verifySignature({
    subjectPublicKeyInfo,
    signatureAlgorithm,
    signature,
    message,
    tolerance,
  })
}

test('only ECDSA may have NULL parameters, and only if that is tolerated', async () => {
  const withNull = request([], { algorithm: encodeSequence(ecdsa, derNull) })
  const withOther = request([], { algorithm: encodeSequence(ecdsa, encodeSmallInteger(5)) })
  const keys = generateKeyPairSync('ed25519')
  const algorithm = encodeSequence(encodeOidElement(oids.ed25519), derNull)
  const edwards = request([], { keys, algorithm })
  assert.equal(await checkOf(withNull, strict), 'unsupported')
  for (const tolerance of tolerances) {
    assert.equal(await checkOf(withNull, tolerance), 'valid')
    assert.equal(await checkOf(withOther, tolerance), 'unsupported')
    assert.equal(await checkOf(edwards, tolerance), 'unsupported')
  }
})

test('a negative serial number is preserved in certificates above a CA, and refused elsewhere', () => {
  const algorithm = encodeSequence(ecdsa)
  const name = encodeName([{ type: oids.commonName, value: 'x' }])
  const fields = {
    signatureAlgorithm: algorithm,
    issuer: name,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    subject: name,
    subjectPublicKeyInfo: ec.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: [usage],
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 20 }), (bytes) => {
      // A positive number is encoded, and its first byte is replaced, so that the outer lengths stay correct.
      const magnitude = Uint8Array.from([0x40, ...bytes.subarray(1)])
      const der = encodeCertificate(
        encodeTbsCertificate({ ...fields, serialNumber: magnitude }),
        algorithm,
        Uint8Array.of(1),
      )
      const at = Buffer.from(der).indexOf(magnitude)
      der[at] = 0xa0
      const negative = Buffer.from([0xa0, ...magnitude.subarray(1)])
      const { serialNumber } = parseCertificate(der, issuerTolerance)
      assert.deepEqual(Buffer.from(serialNumber), negative)
      for (const tolerance of [strict, requestTolerance])
        assert.throws(
          () => parseCertificate(der, tolerance),
          new RegExp(`serialNumber is negative \\(at byte ${at - 2}\\)`),
        )
    }),
    seed,
  )
})

test('byte offsets in messages are counted from the start of the whole structure', () => {
  const extension = encodeSequence(
    encodeOidElement(oids.subjectAltName),
    Uint8Array.of(1, 1, 7),
    encodeOctetString(san('a').value),
  )
  const der = request([attribute(oids.extensionRequest, encodeSequence(extension))])
  // Like decoded PEM, this buffer does not start at the beginning of its ArrayBuffer.
  const shifted = Buffer.concat([Buffer.alloc(5), der]).subarray(5)
  const at = Buffer.from(der).indexOf(Uint8Array.of(1, 1, 7))
  assert.throws(
    () => parseCertificationRequest(shifted),
    new RegExp(`critical of subjectAltName is not a DER BOOLEAN.* \\(at byte ${at}\\)$`),
  )
  const cut = shifted.subarray(0, 40)
  assert.throws(() => parseCertificationRequest(cut), /is truncated \(at byte \d+\)$/)
})

test('damaged extensions that a tolerant reader accepts are DER when they are encoded again', () => {
  const extensions = [usage, san('host.example.com', true)]
  const constraints = encodeBasicConstraints({ ca: true, pathLenConstraint: 1 })
  const der = encodeExtensions([
    ...extensions,
    { oid: oids.basicConstraints, critical: true, value: constraints },
  ])
  fc.assert(
    fc.property(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const damaged = Uint8Array.from(der)
      damaged[at] = byte
      let read: Extension[]
      try {
        read = parseExtensions(damaged, requestTolerance)
      } catch (error) {
        assert.ok(error instanceof DerError)
        return
      }
      const again = encodeExtensions(read)
      assert.deepEqual(encodeExtensions(parseExtensions(again)), again)
      if (Buffer.compare(again, damaged) !== 0) assert.ok(again.length <= damaged.length)
    }),
    { seed: 15, numRuns: 3000 },
  )
})
