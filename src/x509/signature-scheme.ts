/** The hashes, key types and parameters that signature algorithms use. */
import type { AlgorithmIdentifier } from './algorithm-identifier.ts'
import { contextTag, DerReader, readOnly, readOnlyNested, tags } from './der/reader.ts'
import { isNull, readSmallInteger } from './der/values.ts'
import { decodeOid, oidName, oids } from './der/oid.ts'
import type { PublicKeyKind } from './subject-public-key-info.ts'
import { strict, type Tolerance } from './der/tolerance.ts'

export interface SignatureScheme {
  readonly key: PublicKeyKind['kind']
  /** Hash of the message, or undefined if the signature scheme includes its own hash. */
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  /** Salt length of RSASSA-PSS in bytes, or undefined for any other scheme. */
  readonly pssSaltLength: number | undefined
  /** Parameter set of ML-DSA, or undefined for any other scheme. */
  readonly parameterSet: 44 | 65 | 87 | undefined
}

const defaults = { hash: undefined, pssSaltLength: undefined, parameterSet: undefined }

/** Signature schemes that are always accepted. Schemes with SHA-1, SHA-224 and MD5 are excluded. */
const schemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  [oids.sha256WithRsaEncryption, { ...defaults, key: 'rsa', hash: 'sha256' }],
  [oids.sha384WithRsaEncryption, { ...defaults, key: 'rsa', hash: 'sha384' }],
  [oids.sha512WithRsaEncryption, { ...defaults, key: 'rsa', hash: 'sha512' }],
  [oids.ecdsaWithSha256, { ...defaults, key: 'ec', hash: 'sha256' }],
  [oids.ecdsaWithSha384, { ...defaults, key: 'ec', hash: 'sha384' }],
  [oids.ecdsaWithSha512, { ...defaults, key: 'ec', hash: 'sha512' }],
  [oids.ed25519, { ...defaults, key: 'ed25519' }],
  [oids.ed448, { ...defaults, key: 'ed448' }],
  [oids.mlDsa44, { ...defaults, key: 'ml-dsa', parameterSet: 44 }],
  [oids.mlDsa65, { ...defaults, key: 'ml-dsa', parameterSet: 65 }],
  [oids.mlDsa87, { ...defaults, key: 'ml-dsa', parameterSet: 87 }],
])

/** Signature schemes that are accepted only if the caller sets `sha1`, for old clients. */
const sha1Schemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  [oids.sha1WithRsaEncryption, { ...defaults, key: 'rsa', hash: 'sha1' }],
  [oids.ecdsaWithSha1, { ...defaults, key: 'ec', hash: 'sha1' }],
])

/** Returns whether an algorithm uses the hash SHA-1. */
export function isSha1({ oid }: AlgorithmIdentifier): boolean {
  return sha1Schemes.has(oid)
}

const hashes: ReadonlyMap<string, 'sha256' | 'sha384' | 'sha512'> = new Map([
  [oids.sha256, 'sha256'],
  [oids.sha384, 'sha384'],
  [oids.sha512, 'sha512'],
])

/** Outdated schemes and encodings that a caller accepts. */
export interface SchemeOptions {
  readonly tolerance?: Tolerance
  /** Whether SHA-1 is accepted. The default is false. */
  readonly sha1?: boolean
}

/**
 * Returns the signature scheme of an AlgorithmIdentifier, or undefined if the scheme is not accepted. Throws DerError if the
 * parameters are malformed.
 */
export function schemeOf(
  algorithm: AlgorithmIdentifier,
  { tolerance = strict, sha1 = false }: SchemeOptions = {},
): SignatureScheme | undefined {
  const { oid, parameters } = algorithm
  if (oid === oids.rsassaPss) return readPss(algorithm)
  const scheme = schemes.get(oid) ?? (sha1 ? sha1Schemes.get(oid) : undefined)
  if (scheme === undefined || parameters === undefined) return scheme
  // RSA schemes have NULL parameters (RFC 4055 §5). All other schemes have no parameters (RFC 5758 §3.2, RFC 8410 §3, RFC 9881
  // §2).
  const mayBeNull =
    scheme.key === 'rsa' || (scheme.key === 'ec' && tolerance.has('ecdsa-null-parameters'))
  return mayBeNull && isNull(parameters) ? scheme : undefined
}

/** Common names of the signature algorithms that are not accepted. */
const refusedNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'md2WithRSAEncryption'],
  ['1.3.14.3.2.29', 'sha1WithRSASignature'],
  ['1.2.840.113549.1.1.15', 'sha512-224WithRSAEncryption'],
  ['1.2.840.113549.1.1.16', 'sha512-256WithRSAEncryption'],
  ['1.2.840.10040.4.3', 'dsa-with-sha1'],
  ['2.16.840.1.101.3.4.3.1', 'dsa-with-sha224'],
  ['2.16.840.1.101.3.4.3.2', 'dsa-with-sha256'],
  ['2.16.840.1.101.3.4.3.3', 'dsa-with-sha384'],
  ['2.16.840.1.101.3.4.3.4', 'dsa-with-sha512'],
  ['1.2.156.10197.1.501', 'SM2-with-SM3'],
])

const outdatedHashes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'MD2'],
  [oids.md5WithRsaEncryption, 'MD5'],
  [oids.sha1WithRsaEncryption, 'SHA-1'],
  ['1.3.14.3.2.29', 'SHA-1'],
  [oids.ecdsaWithSha1, 'SHA-1'],
  [oids.sha224WithRsaEncryption, 'SHA-224'],
  [oids.ecdsaWithSha224, 'SHA-224'],
])

const acceptedHashes = 'SHA-256, SHA-384 and SHA-512'

/**
 * Explains why verifySignature returns `unsupported` for an algorithm. The explanation begins with the name and the object
 * identifier of the algorithm: "sha1WithRsaEncryption (1.2.840.113549.1.1.5): …".
 */
export function unsupportedReason(
  { oid, parameters }: AlgorithmIdentifier,
  key: PublicKeyKind,
): string {
  const known = refusedNames.get(oid) ?? oidName(oid)
  const name = known === oid ? oid : `${known} (${oid})`
  const hash = outdatedHashes.get(oid)
  if (hash !== undefined) return `${name}: ${hash} is not accepted, only ${acceptedHashes} are`
  if (oid === oids.rsassaPss && key.kind === 'rsa')
    return `${name}: its parameters must state the same hash twice, one of ${acceptedHashes}`
  const scheme = schemes.get(oid)
  if (oid === oids.rsassaPss || (scheme !== undefined && scheme.key !== key.kind))
    return `${name}: the key that should verify the signature has a different type`
  if (scheme !== undefined && parameters !== undefined)
    return `${name}: its parameters must be ${scheme.key === 'rsa' ? 'NULL' : 'absent'}`
  return `${name}, which is not accepted: use RSA or ECDSA with SHA-2, Ed25519, Ed448 or ML-DSA`
}

/** Maximum salt length in bytes. OpenSSL uses the longest salt that fits, and accepts moduli of up to 16384 bits. */
const saltLengthMax = 2048

/**
 * Reads RSASSA-PSS-params (RFC 4055 §3.1). The hash must be a SHA-2 hash, the mask must use the same hash, and the trailer must
 * have its default value.
 */
function readPss({ parameters }: AlgorithmIdentifier): SignatureScheme | undefined {
  if (parameters === undefined) return undefined
  const reader = readOnlyNested(parameters, tags.sequence, 'RSASSA-PSS-params')
  const hash = readExplicit(reader, 0, (inner) => readHash(inner))
  const maskHash = readExplicit(reader, 1, (inner) => readMask(inner))
  const saltLength = readExplicit(reader, 2, (inner) =>
    readSmallInteger(inner.element(tags.integer), 'saltLength', saltLengthMax),
  )
  reader.end()
  // By default, the hash is SHA-1 and the salt length is 20 bytes, the length of a SHA-1 hash.
  if (hash === undefined || hash !== maskHash || saltLength === undefined) return undefined
  return { ...defaults, key: 'rsa', hash, pssSaltLength: saltLength }
}

function readExplicit<T>(
  reader: DerReader,
  tag: number,
  read: (inner: DerReader) => T,
): T | undefined {
  const element = reader.optional(contextTag(tag, true))
  if (element === undefined) return undefined
  const inner = new DerReader(element.content, 'RSASSA-PSS-params')
  const value = read(inner)
  inner.end()
  return value
}

function readHash(reader: DerReader): 'sha256' | 'sha384' | 'sha512' | undefined {
  const algorithm = reader.nested(tags.sequence, 'hashAlgorithm')
  const oid = decodeOid(algorithm.element(tags.oid).content)
  if (!algorithm.atEnd) readOnly(algorithm.any().der, tags.null, 'parameters of hashAlgorithm')
  algorithm.end()
  return hashes.get(oid)
}

function readMask(reader: DerReader): 'sha256' | 'sha384' | 'sha512' | undefined {
  const algorithm = reader.nested(tags.sequence, 'maskGenAlgorithm')
  const oid = decodeOid(algorithm.element(tags.oid).content)
  const hash = readHash(algorithm)
  algorithm.end()
  return oid === oids.mgf1 ? hash : undefined
}
