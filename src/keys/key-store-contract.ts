/** The contract of KeyStore: test cases that every implementation must pass. */
import assert from 'node:assert/strict'
import { constants, createPublicKey, verify } from 'node:crypto'
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'
import { KeyNotFoundError, UnsupportedKeyAlgorithmError, type KeyStore } from './key-store.ts'

/** Two stores with the same keys, as if they were in two processes. */
interface KeyStores {
  readonly store: KeyStore
  readonly other: KeyStore
}

/** A test case. Each test case uses its own key names, so that test cases can share a store. */
export interface KeyStoreCase {
  readonly name: string
  readonly run: (stores: KeyStores) => Promise<void>
}

const message = Buffer.from('to be signed')
const rsa = ['SHA256WITHRSA', 'SHA384WITHRSA', 'SHA512WITHRSA'] as const
const ecdsa = ['SHA256WITHECDSA', 'SHA384WITHECDSA', 'SHA512WITHECDSA'] as const

interface Kind {
  readonly details: Readonly<Record<string, unknown>>
  readonly signs: readonly SigningAlgorithm[]
}

const kinds: Partial<Record<KeyAlgorithm, Kind>> = {
  RSA_2048: { details: { modulusLength: 2048, publicExponent: 65_537n }, signs: rsa },
  RSA_3072: { details: { modulusLength: 3072, publicExponent: 65_537n }, signs: rsa },
  RSA_4096: { details: { modulusLength: 4096, publicExponent: 65_537n }, signs: rsa },
  EC_prime256v1: { details: { namedCurve: 'prime256v1' }, signs: ecdsa },
  EC_secp384r1: { details: { namedCurve: 'secp384r1' }, signs: ecdsa },
  EC_secp521r1: { details: { namedCurve: 'secp521r1' }, signs: ecdsa },
  ML_DSA_44: { details: {}, signs: ['ML_DSA_44'] },
  ML_DSA_65: { details: {}, signs: ['ML_DSA_65'] },
  ML_DSA_87: { details: {}, signs: ['ML_DSA_87'] },
}

function isSignature(
  subjectPublicKeyInfo: Uint8Array,
  algorithm: SigningAlgorithm,
  signature: Uint8Array,
): boolean {
  const key = createPublicKey({
    key: Buffer.from(subjectPublicKeyInfo),
    format: 'der',
    type: 'spki',
  })
  const type = key.asymmetricKeyType
  // Each ML-DSA parameter set has one signing algorithm: ML_DSA_44 signs only with ml-dsa-44.
  if (type?.startsWith('ml-dsa-'))
    return (
      type === algorithm.toLowerCase().replaceAll('_', '-') && verify(null, message, key, signature)
    )
  const hash = `sha${algorithm.slice(3, 6)}`
  return type === 'rsa'
    ? verify(hash, message, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
    : verify(hash, message, { key, dsaEncoding: 'der' }, signature)
}

function kindCase([algorithm, { details, signs }]: [string, Kind]): KeyStoreCase {
  return {
    name: `creates a key ${algorithm} and signs with every algorithm of its family`,
    async run({ store }) {
      const created = await store.create(`kind-${algorithm}`, algorithm as KeyAlgorithm)
      const publicKey = createPublicKey({
        key: Buffer.from(created.subjectPublicKeyInfo),
        format: 'der',
        type: 'spki',
      })
      assert.deepEqual({ ...publicKey.asymmetricKeyDetails }, details)
      for (const signing of signs) {
        const signature = await store.sign(created.handle, signing, message)
        assert.ok(isSignature(created.subjectPublicKeyInfo, signing, signature), signing)
      }
    },
  }
}

/** Test cases for each kind of key that a key store may support. */
export const keyStoreKinds: readonly KeyStoreCase[] = Object.entries(kinds).map(kindCase)

const repeatCases: readonly KeyStoreCase[] = [
  {
    name: 'concurrent and repeated calls of create return the same key',
    async run({ store, other }) {
      const created = await Promise.all(
        [store, other, store, other].map((each) => each.create('again', 'EC_prime256v1')),
      )
      const again = await store.create('again', 'EC_prime256v1')
      for (const each of created) assert.deepEqual(each, again)
    },
  },
  {
    name: 'create refuses the name of an existing key with another algorithm',
    async run({ store }) {
      await store.create('fixed', 'EC_prime256v1')
      await assert.rejects(store.create('fixed', 'EC_secp384r1'), /EC_prime256v1/)
    },
  },
  {
    name: 'a second store with the same keys signs with the same key',
    async run({ store, other }) {
      const { handle, subjectPublicKeyInfo } = await store.create('shared', 'EC_prime256v1')
      const signature = await other.sign(handle, 'SHA256WITHECDSA', message)
      assert.ok(isSignature(subjectPublicKeyInfo, 'SHA256WITHECDSA', signature))
    },
  },
  {
    name: 'many concurrent signatures all verify',
    async run({ store, other }) {
      const { handle, subjectPublicKeyInfo } = await store.create('many', 'EC_prime256v1')
      const signatures = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 === 0 ? store : other).sign(handle, 'SHA256WITHECDSA', message),
        ),
      )
      for (const signature of signatures)
        assert.ok(isSignature(subjectPublicKeyInfo, 'SHA256WITHECDSA', signature))
      assert.equal(new Set(signatures.map((each) => Buffer.from(each).toString('hex'))).size, 50)
    },
  },
]

const refusalCases: readonly KeyStoreCase[] = [
  {
    name: 'sign refuses an algorithm of another family, and the key remains usable',
    async run({ store }) {
      const { handle } = await store.create('family', 'EC_prime256v1')
      const wrong = ['SHA256WITHRSA', 'SM3WITHSM2', 'ML_DSA_44'] as const
      for (const algorithm of wrong)
        await assert.rejects(store.sign(handle, algorithm, message), new RegExp(algorithm))
      assert.ok((await store.sign(handle, 'SHA256WITHECDSA', message)).length > 60)
    },
  },
  {
    name: 'create refuses an unsupported algorithm',
    async run({ store }) {
      for (const algorithm of ['SM2', 'constructor' as KeyAlgorithm] as const)
        await assert.rejects(store.create('odd', algorithm), UnsupportedKeyAlgorithmError)
    },
  },
  {
    name: 'a nonexistent key is not found',
    async run({ store }) {
      const { handle } = await store.create('known', 'EC_prime256v1')
      for (const each of [`${handle}-not`, 'nowhere:known', 'known', ''])
        await assert.rejects(store.sign(each, 'SHA256WITHECDSA', message), KeyNotFoundError)
    },
  },
  {
    name: 'a destroyed key is not found, and its name can be used for a new key',
    async run({ store, other }) {
      const created = await store.create('gone', 'EC_prime256v1')
      await store.sign(created.handle, 'SHA256WITHECDSA', message)
      await store.destroy(created.handle)
      await store.destroy(created.handle)
      for (const each of [store, other])
        await assert.rejects(
          each.sign(created.handle, 'SHA256WITHECDSA', message),
          KeyNotFoundError,
        )
      const again = await store.create('gone', 'EC_prime256v1')
      assert.notDeepEqual(again.subjectPublicKeyInfo, created.subjectPublicKeyInfo)
      const signature = await store.sign(again.handle, 'SHA256WITHECDSA', message)
      assert.ok(isSignature(again.subjectPublicKeyInfo, 'SHA256WITHECDSA', signature))
    },
  },
]

/** Test cases for every key store, with P-256 as the only algorithm. */
export const keyStoreContract: readonly KeyStoreCase[] = [...repeatCases, ...refusalCases]
