import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAlgorithmIdentifier } from './algorithm-identifier.ts'
import { encodeBitString, encodeElement, encodeSequence, encodeUnsigned } from './der/writer.ts'
import { encodeOidElement, oids } from './der/oid.ts'
import { parseSubjectPublicKeyInfo } from './subject-public-key-info.ts'
import { importPublicKey, verifySignature } from './verify-signature.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const derNull = bytes('0500')
const message = Buffer.from('signed message')

const algorithm = (oid: string, ...parameters: readonly Uint8Array[]) =>
  parseAlgorithmIdentifier(encodeSequence(encodeOidElement(oid), ...parameters))
const spkiOf = (key: KeyObject) =>
  parseSubjectPublicKeyInfo(key.export({ format: 'der', type: 'spki' }))

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')
const ed448 = generateKeyPairSync('ed448')
const mlDsa = generateKeyPairSync('ml-dsa-44')

/** A key pair of each type, with its signature algorithm. */
const kinds = {
  rsa: { ...rsa, oid: oids.sha256WithRsaEncryption, hash: 'sha256' },
  ec: { ...ec, oid: oids.ecdsaWithSha256, hash: 'sha256' },
  ed25519: { ...ed25519, oid: oids.ed25519, hash: undefined },
  ed448: { ...ed448, oid: oids.ed448, hash: undefined },
  mlDsa: { ...mlDsa, oid: oids.mlDsa44, hash: undefined },
} as const

const signed = (kind: keyof typeof kinds) => {
  const { privateKey, publicKey, hash } = kinds[kind]
  return {
    subjectPublicKeyInfo: spkiOf(publicKey),
    message,
    signature: new Uint8Array(sign(hash, message, privateKey)),
  }
}

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
  test(`${kind}: only the parameters that its standard defines are supported`, async () => {
    const { oid } = kinds[kind]
    const check = signed(kind)
    const checkWith = (...parameters: readonly Uint8Array[]) =>
      verifySignature({ ...check, signatureAlgorithm: algorithm(oid, ...parameters) })
    assert.equal(await checkWith(), 'valid')
    assert.equal(await checkWith(derNull), kind === 'rsa' ? 'valid' : 'unsupported')
    assert.equal(await checkWith(bytes('3000')), 'unsupported')
    assert.equal(await checkWith(bytes('050100')), 'unsupported')
  })

test('an algorithm is unsupported with a key of another type', async () => {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
    for (const [other, { oid }] of Object.entries(kinds)) {
      const signatureAlgorithm = algorithm(oid)
      const expected = other === kind ? 'valid' : 'unsupported'
      assert.equal(await verifySignature({ ...signed(kind), signatureAlgorithm }), expected)
    }
})

test('a signature of another message, an empty signature and a longer signature are invalid', async () => {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const signatureAlgorithm = algorithm(kinds[kind].oid)
    const check = { ...signed(kind), signatureAlgorithm }
    assert.equal(await verifySignature({ ...check, message: Buffer.from('other') }), 'invalid')
    assert.equal(await verifySignature({ ...check, signature: new Uint8Array() }), 'invalid')
    const longer = Uint8Array.from([...check.signature, 0])
    assert.equal(await verifySignature({ ...check, signature: longer }), 'invalid')
  }
})

test('random bytes are not a valid signature for any type of key', async () => {
  const checks = (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => ({
    ...signed(kind),
    signatureAlgorithm: algorithm(kinds[kind].oid),
  }))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...checks),
      fc.uint8Array({ maxLength: 300 }),
      async (check, signature) => {
        assert.equal(await verifySignature({ ...check, signature }), 'invalid')
      },
    ),
  )
})

test('verifySignature returns the same results with an imported key', async () => {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const check = { ...signed(kind), signatureAlgorithm: algorithm(kinds[kind].oid) }
    const publicKey = importPublicKey(check.subjectPublicKeyInfo)
    assert.ok(publicKey?.equals(kinds[kind].publicKey))
    assert.equal(await verifySignature({ ...check, publicKey }), 'valid')
    const changed = { ...check, publicKey, message: Buffer.from('other') }
    assert.equal(await verifySignature(changed), 'invalid')
    const unsupported = { ...check, publicKey, signatureAlgorithm: algorithm('1.2.3') }
    assert.equal(await verifySignature(unsupported), 'unsupported')
  }
})

test('a point that is not on its curve is not imported, and signatures are invalid with it', async () => {
  const der = Uint8Array.from(ec.publicKey.export({ format: 'der', type: 'spki' }))
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(der)
  const publicKey = importPublicKey(subjectPublicKeyInfo)
  assert.equal(publicKey, undefined)
  const signatureAlgorithm = algorithm(oids.ecdsaWithSha256)
  const check = { ...signed('ec'), subjectPublicKeyInfo, signatureAlgorithm, publicKey }
  assert.equal(await verifySignature(check), 'invalid')
})

test('an ECDSA signature that is not in DER is invalid', async () => {
  const check = { ...signed('ec'), signatureAlgorithm: algorithm(oids.ecdsaWithSha256) }
  const content = check.signature.subarray(2)
  const { privateKey } = ec
  const p1363 = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  for (const signature of [
    Uint8Array.from([0x30, 0x81, content.length, ...content]),
    Uint8Array.from([0x30, 0x80, ...content, 0, 0]),
    encodeSequence(content, derNull),
    encodeSequence(Uint8Array.from([0x02, (content[1] ?? 0) + 1, 0, ...content.subarray(2)])),
    new Uint8Array(p1363),
  ])
    assert.equal(await verifySignature({ ...check, signature }), 'invalid')
})

/** Encodes RSASSA-PSS-params with SHA-256 for both hashes. */
const pss = (saltLength: Uint8Array, ...more: readonly Uint8Array[]) => {
  const hash = encodeSequence(encodeOidElement(oids.sha256), derNull)
  const mask = encodeSequence(encodeOidElement(oids.mgf1), hash)
  const salt = encodeElement(0xa2, saltLength)
  return encodeSequence(encodeElement(0xa0, hash), encodeElement(0xa1, mask), salt, ...more)
}

test('RSASSA-PSS is accepted with a salt of any length that fits, if the parameters state this length', async () => {
  const longest = 2048 / 8 - 32 - 2
  for (const saltLength of [0, 20, 32, longest]) {
    const key = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    const check = { ...signed('rsa'), signature: new Uint8Array(sign('sha256', message, key)) }
    const checkWith = (salt: number) => {
      const parameters = pss(encodeUnsigned(Uint8Array.of(salt)))
      return verifySignature({
        ...check,
        signatureAlgorithm: algorithm(oids.rsassaPss, parameters),
      })
    }
    assert.equal(await checkWith(saltLength), 'valid', String(saltLength))
    assert.equal(await checkWith(saltLength + 1), 'invalid', String(saltLength))
  }
})

test('a signature with non-DER RSASSA-PSS parameters is never valid', async () => {
  const key = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const check = { ...signed('rsa'), signature: new Uint8Array(sign('sha256', message, key)) }
  const salt = bytes('020120')
  for (const parameters of [
    pss(bytes('02020020')),
    pss(bytes('0201ff')),
    pss(bytes('02020801')),
    pss(bytes('020120 0500')),
    pss(salt, bytes('a303020102')),
    pss(salt, derNull),
    bytes('3000'),
    derNull,
  ]) {
    const signatureAlgorithm = algorithm(oids.rsassaPss, parameters)
    assert.notEqual(await verifySignature({ ...check, signatureAlgorithm }), 'valid')
  }
})

const spki = (oid: string, key: Uint8Array, ...parameters: readonly Uint8Array[]) =>
  parseSubjectPublicKeyInfo(
    encodeSequence(encodeSequence(encodeOidElement(oid), ...parameters), encodeBitString(key)),
  )
const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array) =>
  spki(
    oids.rsaEncryption,
    encodeSequence(encodeUnsigned(modulus), encodeUnsigned(exponent)),
    derNull,
  )
const p256 = encodeOidElement(oids.prime256v1)

test('signatures are invalid with malformed and degenerate keys, and never throw', async () => {
  const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
  const rsaAlgorithm = algorithm(oids.sha256WithRsaEncryption, derNull)
  const ecAlgorithm = algorithm(oids.ecdsaWithSha256)
  const signature = signed('rsa').signature
  const ecSignature = signed('ec').signature
  const zeros = filled(64, 0)
  const cases = [
    [rsaSpki(filled(256, 0xfe), bytes('010001')), rsaAlgorithm, signature],
    [rsaSpki(filled(256, 0xff), bytes('02')), rsaAlgorithm, signature],
    [rsaSpki(filled(256, 0xff), bytes('00')), rsaAlgorithm, signature],
    [rsaSpki(filled(256, 0xff), filled(256, 0xff)), rsaAlgorithm, signature],
    [rsaSpki(Uint8Array.of(1), Uint8Array.of(1)), rsaAlgorithm, Uint8Array.of(0)],
    [rsaSpki(filled(4096, 0xff), bytes('03')), rsaAlgorithm, filled(4096, 1)],
    [spki(oids.ecPublicKey, Uint8Array.of(4, ...zeros), p256), ecAlgorithm, ecSignature],
    [spki(oids.ecPublicKey, Uint8Array.of(2, ...filled(32, 0xff)), p256), ecAlgorithm, ecSignature],
    [spki(oids.ecPublicKey, Uint8Array.of(4), encodeOidElement('1.2.3')), ecAlgorithm, ecSignature],
    [spki(oids.ed25519, filled(32, 0xff)), algorithm(oids.ed25519), zeros],
    [spki(oids.ed448, filled(57, 0xff)), algorithm(oids.ed448), filled(114, 0)],
    [spki(oids.mlDsa44, filled(1312, 0)), algorithm(oids.mlDsa44), filled(2420, 0)],
  ] as const
  for (const [index, [subjectPublicKeyInfo, signatureAlgorithm, forged]] of cases.entries()) {
    const check = { subjectPublicKeyInfo, signatureAlgorithm, message, signature: forged }
    assert.equal(await verifySignature(check), 'invalid', String(index))
  }
})
