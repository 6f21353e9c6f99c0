import { generateKeyPair } from 'node:crypto'
import type { KeyAlgorithm } from '../authority/algorithms.ts'
import { UnsupportedKeyAlgorithmError } from './key-store.ts'

export interface GeneratedKey {
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** Private key as unencrypted PKCS #8 in DER. The caller seals the bytes and then overwrites them. */
  readonly privateKey: Buffer
}

const modulusBits: ReadonlyMap<KeyAlgorithm, number> = new Map([
  ['RSA_2048', 2048],
  ['RSA_3072', 3072],
  ['RSA_4096', 4096],
])

const curves: ReadonlyMap<KeyAlgorithm, string> = new Map([
  ['EC_prime256v1', 'prime256v1'],
  ['EC_secp384r1', 'secp384r1'],
  ['EC_secp521r1', 'secp521r1'],
])

const parameterSets: ReadonlyMap<KeyAlgorithm, 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'> = new Map([
  ['ML_DSA_44', 'ml-dsa-44'],
  ['ML_DSA_65', 'ml-dsa-65'],
  ['ML_DSA_87', 'ml-dsa-87'],
])

const encodings = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const

/** Generates a key pair off the main thread. Throws UnsupportedKeyAlgorithmError if the key algorithm is not supported. */
export function generateKey(algorithm: KeyAlgorithm): Promise<GeneratedKey> {
  const modulusLength = modulusBits.get(algorithm)
  const namedCurve = curves.get(algorithm)
  const parameterSet = parameterSets.get(algorithm)
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: Buffer, privateKey: Buffer): void => {
      if (error) reject(error)
      else resolve({ subjectPublicKeyInfo: Uint8Array.from(publicKey), privateKey })
    }
    if (modulusLength !== undefined) generateKeyPair('rsa', { modulusLength, ...encodings }, done)
    else if (namedCurve !== undefined) generateKeyPair('ec', { namedCurve, ...encodings }, done)
    else if (parameterSet !== undefined) generateKeyPair(parameterSet, encodings, done)
    else
      reject(
        new UnsupportedKeyAlgorithmError(`${algorithm} keys are not supported by this key store`),
      )
  })
}
