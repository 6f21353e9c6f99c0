import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import * as fc from 'fast-check'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import { fitDigest, signingRequest, type PublicKey } from './signing-request.ts'

function publicKeyOf(algorithm: KeyAlgorithm, key: PublicKey['key']): PublicKey {
  const subjectPublicKeyInfo = key.export({ format: 'der', type: 'spki' })
  return { algorithm, subjectPublicKeyInfo, key }
}

const rsa = publicKeyOf('RSA_2048', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
const lattice = publicKeyOf('ML_DSA_44', generateKeyPairSync('ml-dsa-44').publicKey)

test('RSA messages are sent as a digest of the algorithm', async () => {
  const message = Buffer.from('to be signed')
  for (const bits of ['256', '384', '512'] as const) {
    const request = await signingRequest(rsa, `SHA${bits}WITHRSA`, message)
    assert.deepEqual(request, {
      SigningAlgorithm: `RSASSA_PKCS1_V1_5_SHA_${bits}`,
      MessageType: 'DIGEST',
      Message: Uint8Array.from(createHash(`sha${bits}`).update(message).digest()),
    })
  }
})

test('ML-DSA messages are sent whole up to 4096 bytes, and then as μ', async () => {
  for (const [length, type] of [
    [1, 'RAW'],
    [4096, 'RAW'],
    [4097, 'EXTERNAL_MU'],
  ] as const) {
    const request = await signingRequest(lattice, 'ML_DSA_44', new Uint8Array(length))
    assert.equal(request.MessageType, type)
    assert.equal(request.Message.length, type === 'RAW' ? length : 64)
  }
})

test('an algorithm of another family is refused', async () => {
  const pairs: readonly (readonly [PublicKey, SigningAlgorithm])[] = [
    [rsa, 'SHA256WITHECDSA'],
    [rsa, 'ML_DSA_44'],
    [lattice, 'ML_DSA_65'],
    [lattice, 'SHA256WITHRSA'],
    [lattice, 'SHA256WITHECDSA'],
    [rsa, 'SM3WITHSM2'],
  ]
  for (const [key, algorithm] of pairs)
    await assert.rejects(signingRequest(key, algorithm, new Uint8Array(1)), TypeError)
})

test('a signature over a fitted digest is a signature over the message', () => {
  const curves = [
    ['prime256v1', p256, 32],
    ['secp384r1', p384, 48],
    ['secp521r1', p521, 64],
  ] as const
  for (const [namedCurve, curve, bytes] of curves) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
    const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
    const hashes = fc.constantFrom('sha256', 'sha384', 'sha512')
    const check = (hash: string, message: Uint8Array): void => {
      const digest = fitDigest(createHash(hash).update(message).digest(), bytes)
      const options = { prehash: false, lowS: false, format: 'der' } as const
      assert.ok(verify(hash, message, publicKey, curve.sign(digest, secret, options)))
    }
    fc.assert(fc.property(hashes, fc.uint8Array(), check), { numRuns: 10 })
  }
})
