import { sign, type KeyObject } from 'node:crypto'
import { runPaced } from '../turns/paced.ts'
import type { SigningAlgorithm } from '../authority/algorithms.ts'

/** Digest and key type that a signing algorithm uses. */
interface Scheme {
  /** Name of the key type in Node.js. */
  readonly keyType: string
  /** The digest, or null if the algorithm hashes the message itself. */
  readonly hash: string | null
}

const schemes: ReadonlyMap<SigningAlgorithm, Scheme> = new Map<SigningAlgorithm, Scheme>([
  ['SHA256WITHRSA', { keyType: 'rsa', hash: 'sha256' }],
  ['SHA384WITHRSA', { keyType: 'rsa', hash: 'sha384' }],
  ['SHA512WITHRSA', { keyType: 'rsa', hash: 'sha512' }],
  ['SHA256WITHECDSA', { keyType: 'ec', hash: 'sha256' }],
  ['SHA384WITHECDSA', { keyType: 'ec', hash: 'sha384' }],
  ['SHA512WITHECDSA', { keyType: 'ec', hash: 'sha512' }],
  ['ML_DSA_44', { keyType: 'ml-dsa-44', hash: null }],
  ['ML_DSA_65', { keyType: 'ml-dsa-65', hash: null }],
  ['ML_DSA_87', { keyType: 'ml-dsa-87', hash: null }],
])

/** Thread that creates slow signatures: a thread in libuv's pool, or the calling thread in short slices. */
export type LongSignatures = 'in-pool' | 'on-thread'

/**
 * Signs a message. RSA signatures use PKCS #1 v1.5 padding, ECDSA signatures are encoded as an ECDSA-Sig-Value in DER, and ML-DSA
 * is pure ML-DSA with an empty context (RFC 9881 §2). The code relies on the defaults of Node.js, because passing the parameters
 * explicitly would take half as long as a P-256 signature. Throws TypeError if the key does not support the algorithm.
 */
export async function signMessage(
  key: KeyObject,
  algorithm: SigningAlgorithm,
  {
    message,
    longSignatures = 'in-pool',
  }: { readonly message: Uint8Array; readonly longSignatures?: LongSignatures | undefined },
): Promise<Uint8Array> {
  const scheme = schemes.get(algorithm)
  if (scheme === undefined || key.asymmetricKeyType !== scheme.keyType)
    throw new TypeError(`a key of type ${key.asymmetricKeyType} cannot sign with ${algorithm}`)
  if (isQuick(key)) return sign(scheme.hash, message, key)
  if (longSignatures === 'on-thread') return runPaced(() => sign(scheme.hash, message, key))
  return new Promise((resolve, reject) => {
    sign(scheme.hash, message, key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature)
    })
  })
}

/**
 * Returns whether creating a signature is faster than switching to another thread and back
 * (docs/decisions/0015-where-signatures-are-made.md).
 */
function isQuick({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
}
