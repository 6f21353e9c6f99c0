/** Parameters of a signing request to KMS: the signing algorithm, and the message or its digest. */
import { createHash, type KeyObject } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KeySpec, MessageType, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'

/** Members of the Sign request (AWS KMS API Reference, Sign). */
export interface SigningRequest {
  readonly SigningAlgorithm: SigningAlgorithmSpec
  readonly MessageType: MessageType
  readonly Message: Uint8Array
}

/** A public key that was read from KMS. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  readonly key: KeyObject
}

/** Key specs of KMS. Signet does not support SM2, which KMS offers only in China. */
export const keySpecs: ReadonlyMap<KeyAlgorithm, KeySpec> = new Map<KeyAlgorithm, KeySpec>([
  ['RSA_2048', 'RSA_2048'],
  ['RSA_3072', 'RSA_3072'],
  ['RSA_4096', 'RSA_4096'],
  ['EC_prime256v1', 'ECC_NIST_P256'],
  ['EC_secp384r1', 'ECC_NIST_P384'],
  ['EC_secp521r1', 'ECC_NIST_P521'],
  ['ML_DSA_44', 'ML_DSA_44'],
  ['ML_DSA_65', 'ML_DSA_65'],
  ['ML_DSA_87', 'ML_DSA_87'],
])

interface Ecdsa {
  readonly algorithm: SigningAlgorithmSpec
  /** Length of the digest that KMS accepts for the curve, in bytes. */
  readonly digestBytes: number
}

/** KMS supports exactly one signing algorithm for each curve. */
const ecdsa: ReadonlyMap<KeyAlgorithm, Ecdsa> = new Map<KeyAlgorithm, Ecdsa>([
  ['EC_prime256v1', { algorithm: 'ECDSA_SHA_256', digestBytes: 32 }],
  ['EC_secp384r1', { algorithm: 'ECDSA_SHA_384', digestBytes: 48 }],
  ['EC_secp521r1', { algorithm: 'ECDSA_SHA_512', digestBytes: 64 }],
])

/** Length of the encoded ML-DSA public key, in bytes (FIPS 204, table 2). */
const mlDsaKeyBytes: ReadonlyMap<KeyAlgorithm, number> = new Map([
  ['ML_DSA_44', 1312],
  ['ML_DSA_65', 1952],
  ['ML_DSA_87', 2592],
])

const rsaSigning: ReadonlyMap<string, SigningAlgorithmSpec> = new Map<string, SigningAlgorithmSpec>(
  [
    ['sha256', 'RSASSA_PKCS1_V1_5_SHA_256'],
    ['sha384', 'RSASSA_PKCS1_V1_5_SHA_384'],
    ['sha512', 'RSASSA_PKCS1_V1_5_SHA_512'],
  ],
)

/** Maximum length of a message that KMS hashes itself, in bytes. */
const rawBytesMax = 4096
const sliceBytes = 1024 * 1024

/**
 * Returns the name that Node.js uses for a signing algorithm's hash, or undefined for ML-DSA, which hashes the message itself.
 */
export function hashOf(algorithm: SigningAlgorithm): string | undefined {
  const bits = /^SHA(256|384|512)WITH(?:RSA|ECDSA)$/.exec(algorithm)?.[1]
  return bits === undefined ? undefined : `sha${bits}`
}

/** Creates the KMS request that signs `message`. Throws TypeError if the key does not support the signing algorithm. */
export async function signingRequest(
  publicKey: PublicKey,
  algorithm: SigningAlgorithm,
  message: Uint8Array,
): Promise<SigningRequest> {
  const hash = hashOf(algorithm)
  const curve = ecdsa.get(publicKey.algorithm)
  if (hash !== undefined && curve !== undefined && algorithm.endsWith('WITHECDSA')) {
    const Message = fitDigest(await digest(hash, [message]), curve.digestBytes)
    return { SigningAlgorithm: curve.algorithm, MessageType: 'DIGEST', Message }
  }
  const rsa = hash === undefined ? undefined : rsaSigning.get(hash)
  if (hash !== undefined && rsa !== undefined && isRsa(publicKey) && algorithm.endsWith('WITHRSA'))
    return {
      SigningAlgorithm: rsa,
      MessageType: 'DIGEST',
      Message: await digest(hash, [message]),
    }
  if (algorithm === publicKey.algorithm && mlDsaKeyBytes.has(algorithm))
    return mlDsaRequest(publicKey, message)
  throw new TypeError(`a ${publicKey.algorithm} key cannot sign with ${algorithm}`)
}

function isRsa({ key }: PublicKey): boolean {
  return key.asymmetricKeyType === 'rsa'
}

async function mlDsaRequest(publicKey: PublicKey, message: Uint8Array): Promise<SigningRequest> {
  const SigningAlgorithm = 'ML_DSA_SHAKE_256'
  return message.length <= rawBytesMax
    ? { SigningAlgorithm, MessageType: 'RAW', Message: message }
    : {
        SigningAlgorithm,
        MessageType: 'EXTERNAL_MU',
        Message: await messageRepresentative(publicKey, message),
      }
}

/** Computes the message representative μ for pure ML-DSA with an empty context (FIPS 204, algorithms 2 and 7). */
async function messageRepresentative(
  { algorithm, subjectPublicKeyInfo }: PublicKey,
  message: Uint8Array,
): Promise<Uint8Array> {
  // The last part of a SubjectPublicKeyInfo is the encoded key (RFC 9881 §4).
  const encodedKey = subjectPublicKeyInfo.subarray(-(mlDsaKeyBytes.get(algorithm) ?? 0))
  const keyHash = await digest('shake256', [encodedKey])
  return digest('shake256', [keyHash, Uint8Array.of(0, 0), message])
}

/**
 * Truncates or pads a digest to the length that KMS accepts. ECDSA uses at most as many leading bits of a digest as the curve's
 * order has. A shorter digest is interpreted as a number (FIPS 186-5, section 6.4.1). A signature over the adjusted digest is
 * therefore the same as over the original digest.
 */
export function fitDigest(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes.subarray(0, length)
  const padded = new Uint8Array(length)
  padded.set(bytes, length - bytes.length)
  return padded
}

/** The message is hashed in slices, so that hashing a large CRL does not block the thread. */
async function digest(algorithm: string, parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const hash = createHash(algorithm, algorithm === 'shake256' ? { outputLength: 64 } : {})
  for (const part of parts)
    for (let at = 0; at < part.length; at += sliceBytes) {
      hash.update(part.subarray(at, at + sliceBytes))
      if (at + sliceBytes < part.length) await nextTurn()
    }
  return Uint8Array.from(hash.digest())
}
