/**
 * PKCS #11 representations of keys and signatures: the attributes of keys, and the inputs and outputs of the mechanisms
 * CKM_RSA_PKCS, CKM_ECDSA and CKM_ML_DSA.
 */
import { createPublicKey, hash, type JsonWebKey } from 'node:crypto'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import { encodeOidElement, oids } from '../../x509/der/oid.ts'
import { readOnly, tags } from '../../x509/der/reader.ts'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeUnsigned,
} from '../../x509/der/writer.ts'

/** A kind of key pair that a token can create. */
export type KeyKind =
  | { readonly type: 'rsa'; readonly modulusBits: number }
  | {
      readonly type: 'ec'
      /** Name of the curve in JSON Web Keys. */
      readonly curve: string
      /** CKA_EC_PARAMS attribute: the DER of the curve's object identifier. */
      readonly parametersDer: Uint8Array
      /** Length of a coordinate, which is also the length of each half of a signature. */
      readonly coordinateBytes: number
    }
  | {
      readonly type: 'ml-dsa'
      readonly algorithm: MlDsaAlgorithm
      /** CKA_PARAMETER_SET attribute: the value CKP_ML_DSA_44, 65 or 87 from PKCS #11 3.2. */
      readonly parameterSet: number
      /** Object identifier of the public key's algorithm (RFC 9881 §2). */
      readonly oid: string
      readonly signatureBytes: number
    }

type MlDsaAlgorithm = KeyAlgorithm & SigningAlgorithm

const kinds: ReadonlyMap<KeyAlgorithm, KeyKind> = new Map([
  ['RSA_2048', { type: 'rsa', modulusBits: 2048 }],
  ['RSA_3072', { type: 'rsa', modulusBits: 3072 }],
  ['RSA_4096', { type: 'rsa', modulusBits: 4096 }],
  ['EC_prime256v1', ecKind('P-256', oids.prime256v1, 32)],
  ['EC_secp384r1', ecKind('P-384', oids.secp384r1, 48)],
  ['EC_secp521r1', ecKind('P-521', oids.secp521r1, 66)],
  ['ML_DSA_44', mlDsaKind('ML_DSA_44', 1, { oid: oids.mlDsa44, signatureBytes: 2420 })],
  ['ML_DSA_65', mlDsaKind('ML_DSA_65', 2, { oid: oids.mlDsa65, signatureBytes: 3309 })],
  ['ML_DSA_87', mlDsaKind('ML_DSA_87', 3, { oid: oids.mlDsa87, signatureBytes: 4627 })],
])

function ecKind(curve: string, oid: string, coordinateBytes: number): KeyKind {
  return { type: 'ec', curve, parametersDer: encodeOidElement(oid), coordinateBytes }
}

function mlDsaKind(
  algorithm: MlDsaAlgorithm,
  parameterSet: number,
  sizes: { readonly oid: string; readonly signatureBytes: number },
): KeyKind {
  return { type: 'ml-dsa', algorithm, parameterSet, ...sizes }
}

/** Returns the kind of key for an algorithm, or undefined if the PKCS #11 key store does not support the algorithm. */
export function kindOf(algorithm: KeyAlgorithm): KeyKind | undefined {
  return kinds.get(algorithm)
}

/** The public attributes of a key pair in a token. */
export type PublicAttributes =
  | { readonly type: 'rsa'; readonly modulus: Uint8Array; readonly publicExponent: Uint8Array }
  | {
      readonly type: 'ec'
      /** CKA_EC_PARAMS attribute. */
      readonly parametersDer: Uint8Array
      /** CKA_EC_POINT attribute. */
      readonly point: Uint8Array
    }
  | {
      readonly type: 'ml-dsa'
      /** CKA_PARAMETER_SET attribute. */
      readonly parameterSet: number
      /** CKA_VALUE attribute of the public key, which is the encoding of the key defined in FIPS 204. */
      readonly value: Uint8Array
    }

/**
 * Returns the key algorithm for an RSA modulus, an EC curve or an ML-DSA parameter set. Returns undefined if no key algorithm
 * matches.
 */
export function algorithmOf(
  key:
    | Pick<PublicAttributes & { type: 'rsa' }, 'type' | 'modulus'>
    | Pick<PublicAttributes & { type: 'ec' }, 'type' | 'parametersDer'>
    | Pick<PublicAttributes & { type: 'ml-dsa' }, 'type' | 'parameterSet'>,
): KeyAlgorithm | undefined {
  const found = [...kinds].find(([, kind]) => {
    if (kind.type === 'rsa')
      return key.type === 'rsa' && kind.modulusBits === bitLength(key.modulus)
    if (kind.type === 'ml-dsa')
      return key.type === 'ml-dsa' && kind.parameterSet === key.parameterSet
    return key.type === 'ec' && Buffer.compare(kind.parametersDer, key.parametersDer) === 0
  })
  return found?.[0]
}

/** Returns the number of bits in an unsigned big-endian integer. */
function bitLength(magnitude: Uint8Array): number {
  const start = magnitude.findIndex((byte) => byte !== 0)
  return start < 0 ? 0 : (magnitude.length - start) * 8 - (Math.clz32(magnitude[start] ?? 0) - 24)
}

/**
 * Returns the SubjectPublicKeyInfo of a key pair in DER. Throws an error if the point is not on its curve or if a value has the
 * wrong length.
 */
export function subjectPublicKeyInfo(key: PublicAttributes): Uint8Array {
  const publicKey =
    key.type === 'ml-dsa'
      ? createPublicKey({ key: mlDsaKeyInfo(key), format: 'der', type: 'spki' })
      : createPublicKey({ key: jsonWebKey(key), format: 'jwk' })
  return Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }))
}

/** Encodes the SubjectPublicKeyInfo specified in RFC 9881 §4. */
function mlDsaKeyInfo(key: PublicAttributes & { type: 'ml-dsa' }): Buffer {
  const algorithm = algorithmOf(key)
  const kind = algorithm && kinds.get(algorithm)
  if (kind?.type !== 'ml-dsa')
    throw new TypeError('the token has an ML-DSA key with an unknown parameter set')
  const identifier = encodeSequence(encodeOidElement(kind.oid))
  return Buffer.from(encodeSequence(identifier, encodeBitString(key.value)))
}

function jsonWebKey(key: Exclude<PublicAttributes, { type: 'ml-dsa' }>): JsonWebKey {
  if (key.type === 'rsa')
    return { kty: 'RSA', n: base64Url(key.modulus), e: base64Url(key.publicExponent) }
  const algorithm = algorithmOf(key)
  const kind = algorithm && kinds.get(algorithm)
  if (kind?.type !== 'ec') throw new TypeError('the token has a key on an unsupported curve')
  const { curve, coordinateBytes } = kind
  const point = uncompressedPoint(key.point, coordinateBytes)
  return {
    kty: 'EC',
    crv: curve,
    x: base64Url(point.subarray(1, 1 + coordinateBytes)),
    y: base64Url(point.subarray(1 + coordinateBytes)),
  }
}

/**
 * CKA_EC_POINT is the DER of an OCTET STRING that contains the point, but some modules return the point without the OCTET
 * STRING.
 */
function uncompressedPoint(value: Uint8Array, coordinateBytes: number): Uint8Array {
  const length = 1 + 2 * coordinateBytes
  const isBare = value.length === length && value[0] === 0x04
  const point = isBare ? value : readOnly(value, tags.octetString, 'CKA_EC_POINT').content
  if (point.length !== length || point[0] !== 0x04)
    throw new TypeError('the token returned a public key that is not an uncompressed point')
  return point
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

const digestOids = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const

const signatures: ReadonlyMap<
  SigningAlgorithm,
  readonly [KeyKind['type'], keyof typeof digestOids]
> = new Map([
  ['SHA256WITHRSA', ['rsa', 'sha256']],
  ['SHA384WITHRSA', ['rsa', 'sha384']],
  ['SHA512WITHRSA', ['rsa', 'sha512']],
  ['SHA256WITHECDSA', ['ec', 'sha256']],
  ['SHA384WITHECDSA', ['ec', 'sha384']],
  ['SHA512WITHECDSA', ['ec', 'sha512']],
])

/** A message to be signed, or the message's digest. */
export interface ToSign {
  readonly bytes: Uint8Array
  readonly isDigest: boolean
}

/** Returns the digest of a message. If the algorithm hashes the message itself, as ML-DSA does, returns the message. */
export function digestOf(algorithm: SigningAlgorithm, message: Uint8Array): ToSign {
  const [, digestName] = signatures.get(algorithm) ?? []
  if (digestName === undefined) return { bytes: message, isDigest: false }
  return { bytes: hash(digestName, message, 'buffer'), isDigest: true }
}

/**
 * Returns the input of the mechanism that signs a message. The input of CKM_RSA_PKCS is a DigestInfo in DER (RFC 8017 §9.2).
 * The input of CKM_ECDSA is the digest, truncated to the length of the curve's order (FIPS 186-5 §6.4.1). The input of
 * CKM_ML_DSA is the message. Throws TypeError if the key does not support the algorithm.
 */
export function signingInput(
  kind: KeyKind,
  algorithm: SigningAlgorithm,
  toSign: ToSign,
): Uint8Array {
  if (kind.type === 'ml-dsa' && kind.algorithm === algorithm) return toSign.bytes
  const [type, digestName] = signatures.get(algorithm) ?? []
  if (digestName === undefined || type !== kind.type)
    throw new TypeError(`a key of type ${kind.type} cannot sign with ${algorithm}`)
  const digest = toSign.isDigest ? toSign.bytes : digestOf(algorithm, toSign.bytes).bytes
  if (kind.type === 'ec') return digest.subarray(0, kind.coordinateBytes)
  return encodeSequence(
    encodeSequence(encodeOidElement(digestOids[digestName]), encodeElement(tags.null)),
    encodeOctetString(digest),
  )
}

function signatureBytesOf(kind: KeyKind): number {
  if (kind.type === 'rsa') return kind.modulusBits / 8
  return kind.type === 'ec' ? 2 * kind.coordinateBytes : kind.signatureBytes
}

/**
 * Converts the mechanism's output to the content of the signature BIT STRING. Throws TypeError if the output has the wrong
 * length.
 */
export function signatureValue(kind: KeyKind, output: Uint8Array): Uint8Array {
  const length = signatureBytesOf(kind)
  if (output.length !== length)
    throw new TypeError(`the token returned a signature of ${output.length} bytes, not ${length}`)
  if (kind.type !== 'ec') return Uint8Array.from(output)
  const half = kind.coordinateBytes
  return encodeSequence(
    encodeUnsigned(output.subarray(0, half)),
    encodeUnsigned(output.subarray(half)),
  )
}
