import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeOctetString } from '../../x509/der/writer.ts'
import {
  algorithmOf,
  digestOf,
  kindOf,
  signatureValue,
  signingInput,
  subjectPublicKeyInfo,
  type KeyKind,
} from './key-kinds.ts'

const curves = [
  ['EC_prime256v1', 'P-256'],
  ['EC_secp384r1', 'P-384'],
  ['EC_secp521r1', 'P-521'],
] as const

function ecKindOf(algorithm: (typeof curves)[number][0]): KeyKind & { type: 'ec' } {
  const kind = kindOf(algorithm)
  return kind?.type === 'ec' ? kind : assert.fail(algorithm)
}

for (const [algorithm, namedCurve] of curves) {
  test(`the public key of a ${algorithm} key is read from a point with and without an OCTET STRING`, () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const { parametersDer, coordinateBytes } = ecKindOf(algorithm)
    const point = Uint8Array.from(spki.subarray(-1 - 2 * coordinateBytes))
    assert.equal(algorithmOf({ type: 'ec', parametersDer }), algorithm)
    for (const value of [point, encodeOctetString(point)])
      assert.deepEqual(
        Buffer.from(subjectPublicKeyInfo({ type: 'ec', parametersDer, point: value })),
        spki,
      )
    for (const value of [point.subarray(1), encodeOctetString(point.subarray(1)), point.fill(1, 1)])
      assert.throws(() => subjectPublicKeyInfo({ type: 'ec', parametersDer, point: value }))
  })

  test(`both halves of a ${algorithm} signature become the DER that OpenSSL verifies`, () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
    const kind = ecKindOf(algorithm)
    for (let count = 0; count < 50; count += 1) {
      const message = Buffer.from(`message ${count}`)
      const halves = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      assert.ok(verify('sha256', message, publicKey, signatureValue(kind, halves)))
    }
    assert.throws(
      () => signatureValue(kind, new Uint8Array(2 * kind.coordinateBytes - 1)),
      TypeError,
    )
  })
}

test('the public key of an RSA key is read from modulus and exponent, with and without leading zeros', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const modulus = Buffer.from(n, 'base64url')
  const publicExponent = Buffer.from(e, 'base64url')
  for (const value of [modulus, Buffer.concat([Buffer.alloc(1), modulus])]) {
    assert.equal(algorithmOf({ type: 'rsa', modulus: value }), 'RSA_2048')
    const der = subjectPublicKeyInfo({ type: 'rsa', modulus: value, publicExponent })
    const read = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    assert.ok(read.equals(publicKey))
  }
})

test('an RSA modulus of another length has no algorithm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 520 }), (modulus) => {
      const bits = Buffer.from(modulus).toString('hex')
      const length = bits === '' ? 0 : BigInt(`0x${bits}`).toString(2).length
      const expected = [2048, 3072, 4096].includes(length) ? `RSA_${length}` : undefined
      assert.equal(algorithmOf({ type: 'rsa', modulus }), expected)
    }),
  )
})

for (const algorithm of ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'] as const)
  test(`the public key of a ${algorithm} key is read from its value, and its signatures are not encoded`, () => {
    const name = algorithm.toLowerCase().replaceAll('_', '-') as 'ml-dsa-44'
    const { publicKey, privateKey } = generateKeyPairSync(name)
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const kind = kindOf(algorithm)
    if (kind?.type !== 'ml-dsa') return assert.fail(algorithm)
    const { parameterSet } = kind
    assert.equal(algorithmOf({ type: 'ml-dsa', parameterSet }), algorithm)
    const value = spki.subarray(22)
    assert.deepEqual(
      Buffer.from(subjectPublicKeyInfo({ type: 'ml-dsa', parameterSet, value })),
      spki,
    )
    for (const wrong of [value.subarray(1), Buffer.of()])
      assert.throws(() => subjectPublicKeyInfo({ type: 'ml-dsa', parameterSet, value: wrong }))
    const message = Buffer.from('message')
    const toSign = digestOf(algorithm, message)
    assert.deepEqual(toSign, { bytes: message, isDigest: false })
    assert.equal(signingInput(kind, algorithm, toSign), message)
    assert.throws(() => signingInput(kind, 'SHA256WITHECDSA', toSign), TypeError)
    const signature = signatureValue(kind, sign(null, message, privateKey))
    assert.ok(verify(null, message, publicKey, signature))
    assert.throws(() => signatureValue(kind, signature.subarray(1)), TypeError)
  })

test('an unknown ML-DSA parameter set has no algorithm', () => {
  for (const parameterSet of [0, 4, 0xff_ff_ff_ff]) {
    assert.equal(algorithmOf({ type: 'ml-dsa', parameterSet }), undefined)
    const key = { type: 'ml-dsa', parameterSet, value: new Uint8Array(1312) } as const
    assert.throws(() => subjectPublicKeyInfo(key), /unknown parameter set/)
  }
})

test('the input of CKM_ECDSA is the digest, truncated to the length of the curve', () => {
  const bytes = Buffer.from('message')
  for (const [algorithm, length] of [
    ['EC_prime256v1', 32],
    ['EC_secp384r1', 48],
    ['EC_secp521r1', 64],
  ] as const) {
    const digest = hash('sha512', bytes, 'buffer')
    for (const toSign of [
      { bytes, isDigest: false },
      { bytes: digest, isDigest: true },
      digestOf('SHA512WITHECDSA', bytes),
    ])
      assert.deepEqual(
        signingInput(ecKindOf(algorithm), 'SHA512WITHECDSA', toSign),
        digest.subarray(0, length),
      )
  }
  const toSign = digestOf('SHA256WITHRSA', bytes)
  assert.throws(() => signingInput(ecKindOf('EC_secp521r1'), 'SHA256WITHRSA', toSign), TypeError)
})
