/** Which hash and which kind of key a signature algorithm means, and which parameters it must have. */
import type { AlgorithmIdentifier } from './algorithm-identifier.ts'
import { contextTag, DerReader, readOnly, readOnlyNested, tags } from './der-reader.ts'
import { isNull, readSmallInteger } from './der-values.ts'
import { decodeOid, oids } from './oid.ts'
import type { PublicKeyKind } from './subject-public-key-info.ts'

export interface SignatureScheme {
  readonly key: PublicKeyKind['kind']
  /** Of the message, before it is signed; undefined if the scheme hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined
  /** Of RSASSA-PSS, in octets; undefined for every other scheme. */
  readonly pssSaltLength: number | undefined
  /** Of ML-DSA; undefined for every other scheme. */
  readonly parameterSet: 44 | 65 | 87 | undefined
}

const none = { hash: undefined, pssSaltLength: undefined, parameterSet: undefined }

/** Schemes that are accepted; SHA-1, SHA-224 and MD5 are not among them. */
const schemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  [oids.sha256WithRsaEncryption, { ...none, key: 'rsa', hash: 'sha256' }],
  [oids.sha384WithRsaEncryption, { ...none, key: 'rsa', hash: 'sha384' }],
  [oids.sha512WithRsaEncryption, { ...none, key: 'rsa', hash: 'sha512' }],
  [oids.ecdsaWithSha256, { ...none, key: 'ec', hash: 'sha256' }],
  [oids.ecdsaWithSha384, { ...none, key: 'ec', hash: 'sha384' }],
  [oids.ecdsaWithSha512, { ...none, key: 'ec', hash: 'sha512' }],
  [oids.ed25519, { ...none, key: 'ed25519' }],
  [oids.ed448, { ...none, key: 'ed448' }],
  [oids.mlDsa44, { ...none, key: 'ml-dsa', parameterSet: 44 }],
  [oids.mlDsa65, { ...none, key: 'ml-dsa', parameterSet: 65 }],
  [oids.mlDsa87, { ...none, key: 'ml-dsa', parameterSet: 87 }],
])

const hashes: ReadonlyMap<string, 'sha256' | 'sha384' | 'sha512'> = new Map([
  [oids.sha256, 'sha256'],
  [oids.sha384, 'sha384'],
  [oids.sha512, 'sha512'],
])

/** The scheme that an AlgorithmIdentifier names; undefined if it is not accepted. Throws DerError for bad parameters. */
export function schemeOf(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  if (algorithm.oid === oids.rsassaPss) return readPss(algorithm)
  const scheme = schemes.get(algorithm.oid)
  const { parameters } = algorithm
  if (scheme === undefined || parameters === undefined) return scheme
  // RSA has NULL (RFC 4055 §5); the others have nothing (RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2).
  return scheme.key === 'rsa' && isNull(parameters) ? scheme : undefined
}

/** That of the largest modulus OpenSSL takes, 16384 bits: its own default is the longest salt that fits. */
const saltLengthMax = 2048

/** RSASSA-PSS-params (RFC 4055 §3.1): a hash of SHA-2, the same for the mask, and the default trailer. */
function readPss({ parameters }: AlgorithmIdentifier): SignatureScheme | undefined {
  if (parameters === undefined) return undefined
  const reader = readOnlyNested(parameters, tags.sequence, 'RSASSA-PSS-params')
  const hash = readExplicit(reader, 0, (inner) => readHash(inner))
  const maskHash = readExplicit(reader, 1, (inner) => readMask(inner))
  const saltLength = readExplicit(reader, 2, (inner) =>
    readSmallInteger(inner.element(tags.integer), 'saltLength', saltLengthMax),
  )
  reader.end()
  // What is left out is SHA-1, or a salt for it.
  if (hash === undefined || hash !== maskHash || saltLength === undefined) return undefined
  return { ...none, key: 'rsa', hash, pssSaltLength: saltLength }
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
