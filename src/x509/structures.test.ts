/** Tests of certificates and requests with every key type: round trips, and damaged copies. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  describeSignatureAlgorithm,
  parseAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from './algorithm-identifier.ts'
import { encodeBasicConstraints, parseBasicConstraints } from './extensions/basic-constraints.ts'
import {
  encodeCertificate,
  encodeTbsCertificate,
  parseCertificate,
  type Certificate,
} from './certificate.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
  parseCertificationRequest,
} from './certification-request.ts'
import { DerError } from './der/error.ts'
import { encodeElement, encodeSequence } from './der/writer.ts'
import { encodeExtendedKeyUsage, parseExtendedKeyUsage } from './extensions/extended-key-usage.ts'
import { encodeExtensions, findExtension, parseExtensions } from './extensions/extensions.ts'
import { parseGeneralNames } from './names/general-name.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
  parseAuthorityKeyIdentifier,
  parseSubjectKeyIdentifier,
} from './extensions/key-identifiers.ts'
import { encodeKeyUsage, keyUsageBits, parseKeyUsage } from './extensions/key-usage.ts'
import { encodeName } from './names/name.ts'
import { isOid, oids } from './der/oid.ts'
import { parsePem } from './pem.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from './subject-public-key-info.ts'
import { verifySignature } from './verify-signature.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

interface TestKey {
  readonly name: string
  readonly algorithm: string
  readonly hash: string | undefined
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
}

const keys: TestKey[] = [
  {
    name: 'rsa',
    algorithm: 'SHA256WITHRSA',
    hash: 'sha256',
    keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  },
  {
    name: 'ec',
    algorithm: 'SHA256WITHECDSA',
    hash: 'sha256',
    keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  },
  {
    name: 'ec',
    algorithm: 'SHA384WITHECDSA',
    hash: 'sha384',
    keys: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  },
  {
    name: 'ec',
    algorithm: 'SHA512WITHECDSA',
    hash: 'sha512',
    keys: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  },
  {
    name: 'ml-dsa',
    algorithm: 'ML_DSA_44',
    hash: undefined,
    keys: generateKeyPairSync('ml-dsa-44'),
  },
  {
    name: 'ml-dsa',
    algorithm: 'ML_DSA_65',
    hash: undefined,
    keys: generateKeyPairSync('ml-dsa-65'),
  },
  {
    name: 'ml-dsa',
    algorithm: 'ML_DSA_87',
    hash: undefined,
    keys: generateKeyPairSync('ml-dsa-87'),
  },
]

function spkiOf({ keys: { publicKey } }: TestKey): Uint8Array {
  return publicKey.export({ format: 'der', type: 'spki' })
}

function certificateBy(key: TestKey): Uint8Array {
  const spki = spkiOf(key)
  const algorithm = signatureAlgorithmIdentifier(key.algorithm)
  const name = encodeName([
    { type: oids.countryName, value: 'DE' },
    { type: oids.commonName, value: key.algorithm },
  ])
  const identifier = keyIdentifier(parseSubjectPublicKeyInfo(spki))
  const tbs = encodeTbsCertificate({
    serialNumber: bytes('00ff00112233445566778899aabbccdd'),
    signatureAlgorithm: algorithm,
    issuer: name,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2051-01-01T00:00:00Z'),
    subject: name,
    subjectPublicKeyInfo: spki,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: 3 }),
      },
      {
        oid: oids.authorityKeyIdentifier,
        critical: false,
        value: encodeAuthorityKeyIdentifier(identifier),
      },
      {
        oid: oids.subjectKeyIdentifier,
        critical: false,
        value: encodeSubjectKeyIdentifier(identifier),
      },
      { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(['keyCertSign', 'cRLSign']) },
      {
        oid: oids.extendedKeyUsage,
        critical: false,
        value: encodeExtendedKeyUsage([oids.serverAuth]),
      },
    ],
  })
  return encodeCertificate(tbs, algorithm, sign(key.hash, tbs, key.keys.privateKey))
}

function requestBy(key: TestKey): Uint8Array {
  const info = encodeCertificationRequestInfo({
    subject: encodeName([{ type: oids.commonName, value: key.algorithm }]),
    subjectPublicKeyInfo: spkiOf(key),
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: undefined }),
      },
    ],
  })
  return encodeCertificationRequest(
    info,
    signatureAlgorithmIdentifier(key.algorithm),
    sign(key.hash, info, key.keys.privateKey),
  )
}

function check(
  certificate: Certificate,
  signature = certificate.signature,
  message = certificate.tbsCertificateDer,
) {
  const { subjectPublicKeyInfo, signatureAlgorithm } = certificate
  return verifySignature({ subjectPublicKeyInfo, signatureAlgorithm, message, signature })
}

for (const key of keys)
  test(`certificates and requests with ${key.algorithm} survive a round trip, and their signatures are valid`, async () => {
    const certificate = parseCertificate(certificateBy(key))
    assert.equal(certificate.version, 3)
    assert.equal(
      Buffer.from(certificate.serialNumber).toString('hex'),
      '00ff00112233445566778899aabbccdd',
    )
    assert.equal(certificate.notAfter.toISOString(), '2051-01-01T00:00:00.000Z')
    assert.equal(certificate.subjectPublicKeyInfo.key.kind, key.name)
    assert.deepEqual(certificate.issuer.der, certificate.subject.der)
    const value = (oid: string): Uint8Array =>
      findExtension(certificate.extensions, oid)?.value ?? new Uint8Array()
    assert.deepEqual(parseBasicConstraints(value(oids.basicConstraints)), {
      ca: true,
      pathLenConstraint: 3,
    })
    assert.deepEqual(parseKeyUsage(value(oids.keyUsage)), ['keyCertSign', 'cRLSign'])
    assert.deepEqual(parseExtendedKeyUsage(value(oids.extendedKeyUsage)), [oids.serverAuth])
    assert.deepEqual(
      parseAuthorityKeyIdentifier(value(oids.authorityKeyIdentifier)),
      parseSubjectKeyIdentifier(value(oids.subjectKeyIdentifier)),
    )
    assert.equal(await check(certificate), 'valid')
    const damaged = Uint8Array.from(certificate.tbsCertificateDer)
    damaged[20] = (damaged[20] ?? 0) ^ 1
    assert.equal(await check(certificate, certificate.signature, damaged), 'invalid')
    assert.equal(await check(certificate, certificate.signature.subarray(1)), 'invalid')
    const request = parseCertificationRequest(requestBy(key))
    assert.deepEqual(request.subjectPublicKeyInfo.der, certificate.subjectPublicKeyInfo.der)
    assert.equal(
      await verifySignature({ ...request, message: request.certificationRequestInfoDer }),
      'valid',
    )
  })

test('a signature algorithm is supported only with its own type of key', async () => {
  const [rsa, ec] = keys.map((key) => parseCertificate(certificateBy(key)))
  assert.ok(rsa && ec)
  assert.equal(await check({ ...rsa, signatureAlgorithm: ec.signatureAlgorithm }), 'unsupported')
  assert.equal(await check({ ...ec, signatureAlgorithm: rsa.signatureAlgorithm }), 'unsupported')
  const other = keys
    .filter(({ name }) => name === 'ml-dsa')
    .map((key) => parseCertificate(certificateBy(key)))
  assert.ok(other[0] && other[1])
  assert.equal(
    await check({ ...other[0], signatureAlgorithm: other[1].signatureAlgorithm }),
    'unsupported',
  )
})

test('outdated and malformed signature algorithms are refused, and errors name outdated algorithms', async () => {
  const [rsa] = keys.map((key) => parseCertificate(certificateBy(key)))
  assert.ok(rsa)
  for (const [hex, name] of [
    ['300d06092a864886f70d0101050500', 'sha1WithRsaEncryption'],
    ['300d06092a864886f70d0101040500', 'md5WithRsaEncryption'],
    ['300d06092a864886f70d01010a0500', 'rsassaPss'],
    ['300906072a8648ce3d0401', 'ecdsaWithSha1'],
    ['3004060212ab', undefined],
  ] as const) {
    if (name === undefined) {
      assert.throws(() => parseAlgorithmIdentifier(bytes(hex)), DerError)
      continue
    }
    const signatureAlgorithm = parseAlgorithmIdentifier(bytes(hex))
    assert.equal(describeSignatureAlgorithm(signatureAlgorithm), name)
    assert.notEqual(await check({ ...rsa, signatureAlgorithm }), 'valid')
  }
})

test('an ECDSA signature must be strict DER', async () => {
  const ec = parseCertificate(certificateBy(keys[1] as TestKey))
  const padded = Uint8Array.from([...ec.signature, 0])
  assert.equal(await check(ec, padded), 'invalid')
  assert.equal(await check(ec, bytes('3006020100020100')), 'invalid')
})

test('RSASSA-PSS is accepted only with the same SHA-2 hash for message and mask', async () => {
  const { publicKey, privateKey } = (keys[0] as TestKey).keys
  const message = Buffer.from('message')
  const pss = (hash: string, mask: string, salt: string) =>
    parseAlgorithmIdentifier(
      encodeSequence(
        bytes('06092a864886f70d01010a'),
        encodeSequence(
          encodeElement(0xa0, encodeSequence(bytes(`0609608648016503040${hash}`))),
          encodeElement(
            0xa1,
            encodeSequence(
              bytes('06092a864886f70d010108'),
              encodeSequence(bytes(`0609608648016503040${mask}`)),
            ),
          ),
          encodeElement(0xa2, bytes(salt)),
        ),
      ),
    )
  const signature = sign('sha256', message, { key: privateKey, padding: 6, saltLength: 32 })
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(
    publicKey.export({ format: 'der', type: 'spki' }),
  )
  const checkWith = (signatureAlgorithm: ReturnType<typeof pss>) =>
    verifySignature({ subjectPublicKeyInfo, signatureAlgorithm, message, signature })
  assert.equal(await checkWith(pss('201', '201', '020120')), 'valid')
  assert.equal(await checkWith(pss('201', '201', '020110')), 'invalid')
  assert.equal(await checkWith(pss('202', '202', '020120')), 'invalid')
  assert.equal(await checkWith(pss('201', '202', '020120')), 'unsupported')
})

/** Returns requests from OpenSSL, and certificates and requests that this test encodes. */
function samples(): { name: string; der: Uint8Array; parse: (der: Uint8Array) => unknown }[] {
  const folder = new URL('../../testdata/csr/', import.meta.url)
  const requests = readdirSync(folder)
    .filter((name) => name.endsWith('.pem'))
    .map((name) => ({
      name,
      der: parsePem(readFileSync(new URL(name, folder), 'utf8'))[0]?.der ?? new Uint8Array(),
      parse: parseCertificationRequest,
    }))
  const own = keys.slice(0, 5).flatMap((key) => [
    { name: `certificate ${key.algorithm}`, der: certificateBy(key), parse: parseCertificate },
    { name: `request ${key.algorithm}`, der: requestBy(key), parse: parseCertificationRequest },
  ])
  return [...requests, ...own]
}

function readOrRefuse(parse: (der: Uint8Array) => unknown, der: Uint8Array): 'read' | 'refused' {
  try {
    parse(der)
    return 'read'
  } catch (error) {
    assert.ok(error instanceof DerError, `${String(error)} for ${Buffer.from(der).toString('hex')}`)
    return 'refused'
  }
}

test('every truncation of every sample is refused', () => {
  for (const { name, der, parse } of samples()) {
    parse(der)
    for (let length = 0; length < der.length; length += 1)
      assert.equal(readOrRefuse(parse, der.subarray(0, length)), 'refused', `${name} to ${length}`)
    assert.equal(readOrRefuse(parse, Uint8Array.from([...der, 0])), 'refused', name)
  }
})

test('every sample with one bit changed is read, or refused with a DerError', () => {
  for (const { der, parse } of samples()) {
    const damaged = Uint8Array.from(der)
    for (let bit = 0; bit < der.length * 8; bit += 1) {
      const index = bit >> 3
      const mask = 1 << (bit & 7)
      damaged[index] = (damaged[index] ?? 0) ^ mask
      readOrRefuse(parse, damaged)
      damaged[index] = (damaged[index] ?? 0) ^ mask
    }
  }
})

test('any bytes are read, or refused with a DerError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      for (const parse of [
        parseCertificate,
        parseCertificationRequest,
        parseSubjectPublicKeyInfo,
        parseGeneralNames,
        parseKeyUsage,
        parseBasicConstraints,
        parseExtendedKeyUsage,
        parseExtensions,
      ])
        readOrRefuse(parse, der)
    }),
    { numRuns: 1000 },
  )
})

test('extensions survive a round trip, and duplicates are refused', () => {
  const extension = fc.record(
    {
      oid: fc.tuple(fc.constantFrom('1.2', '2.5.29'), fc.nat()).map((arcs) => arcs.join('.')),
      critical: fc.boolean(),
      value: fc.uint8Array({ maxLength: 200 }),
    },
    { noNullPrototype: true },
  )
  const lists = fc.uniqueArray(extension, { selector: ({ oid }) => oid, maxLength: 20 })
  fc.assert(
    fc.property(lists, (list) => {
      assert.ok(list.every(({ oid }) => isOid(oid)))
      const read = parseExtensions(encodeExtensions(list))
      assert.deepEqual(
        read.map((each) => ({ ...each, value: Uint8Array.from(each.value) })),
        list,
      )
    }),
  )
  const twin = { oid: '1.2.3', critical: false, value: bytes('0500') }
  assert.throws(() => parseExtensions(encodeExtensions([twin, twin])), /occurs twice/)
  assert.throws(
    () => parseExtensions(bytes('300d300b06022a030101000402 0500'.replace(' ', ''))),
    /critical of 1\.2\.3 is FALSE, which DER omits$/,
  )
})

test('key usages survive a round trip', () => {
  fc.assert(
    fc.property(fc.subarray([...keyUsageBits]), (bits) => {
      assert.deepEqual(parseKeyUsage(encodeKeyUsage(bits)), bits)
    }),
  )
  assert.deepEqual(parseKeyUsage(bytes('03020080')), ['digitalSignature'])
  for (const hex of ['0300', '03020781', '0303070001', '030108', '0304000000 00'.replace(' ', '')])
    assert.throws(() => parseKeyUsage(bytes(hex)), DerError, hex)
})

test('basic constraints survive a round trip, and other encodings are refused', () => {
  for (const pathLenConstraint of [undefined, 0, 1, 127, 128, 65536])
    assert.deepEqual(
      parseBasicConstraints(encodeBasicConstraints({ ca: true, pathLenConstraint })),
      { ca: true, pathLenConstraint },
    )
  assert.deepEqual(parseBasicConstraints(bytes('3000')), {
    ca: false,
    pathLenConstraint: undefined,
  })
  for (const hex of [
    '3003010100',
    '3003020100',
    '30060101ff0201ff',
    '30030101fe',
    '30050101ff0500',
    '30090101ff020500ffffffff',
  ])
    assert.throws(() => parseBasicConstraints(bytes(hex)), DerError, hex)
})

test('general names are distinguished by their tags', () => {
  const names = parseGeneralNames(bytes('301682016181016286016387040102030488012aa4023000'))
  assert.deepEqual(
    names.map(({ kind }) => kind),
    [
      'dNSName',
      'rfc822Name',
      'uniformResourceIdentifier',
      'iPAddress',
      'registeredID',
      'directoryName',
    ],
  )
  for (const hex of ['3000', '30028900', '3002a200', '30028400', '30020500'])
    assert.throws(() => parseGeneralNames(bytes(hex)), DerError, hex)
})

test('keys that are invalid for their algorithm are refused', () => {
  const spki = Buffer.from(spkiOf(keys[1] as TestKey)).toString('hex')
  for (const hex of [
    spki.replace('06082a8648ce3d030107', '06052b8104002203030303'),
    spki.slice(0, -2),
    spki.replace('034200', '034201'),
  ])
    assert.throws(() => parseSubjectPublicKeyInfo(bytes(hex)), DerError)
  assert.throws(
    () => parseSubjectPublicKeyInfo(bytes('301306072a8648ce3d020106082a8648ce3d030107')),
    DerError,
  )
})

test('OpenSSL reads the same subject and serial number, and verifies the signature', () => {
  for (const key of keys) {
    const certificate = new X509Certificate(certificateBy(key))
    assert.equal(certificate.subject, `C=DE\nCN=${key.algorithm}`)
    assert.equal(certificate.serialNumber, 'FF00112233445566778899AABBCCDD')
    assert.equal(certificate.verify(certificate.publicKey), true)
    assert.equal(certificate.ca, true)
  }
})
