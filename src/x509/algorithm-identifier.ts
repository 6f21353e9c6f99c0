/** AlgorithmIdentifier (RFC 5280 §4.1.1.2) for keys and signatures. */
import type { DerReader } from './der/reader.ts'
import { readOnlyNested, tags } from './der/reader.ts'
import { encodeSequence } from './der/writer.ts'
import { decodeOid, encodeOidElement, oidName, oids } from './der/oid.ts'

export interface AlgorithmIdentifier {
  readonly der: Uint8Array
  readonly oid: string
  /** DER of the parameters; undefined if they are absent. NULL is not treated as absent. */
  readonly parameters: Uint8Array | undefined
}

/** Reads `der`, which must be exactly one AlgorithmIdentifier. Throws DerError if `der` is malformed. */
export function parseAlgorithmIdentifier(der: Uint8Array): AlgorithmIdentifier {
  const reader = readOnlyNested(der, tags.sequence, 'AlgorithmIdentifier')
  const oid = decodeOid(reader.element(tags.oid).content)
  const parameters = reader.atEnd ? undefined : reader.any().der
  reader.end()
  return { der, oid, parameters }
}

/** Reads the next element, which must be an AlgorithmIdentifier. */
export function readAlgorithmIdentifier(reader: DerReader): AlgorithmIdentifier {
  return parseAlgorithmIdentifier(reader.element(tags.sequence).der)
}

const derNull = Uint8Array.of(tags.null, 0)

/** An RSA algorithm has NULL parameters (RFC 4055 §5). ECDSA and ML-DSA omit the parameters (RFC 5758 §3.2, RFC 9881 §2). */
const signatureAlgorithms: ReadonlyMap<string, Uint8Array> = new Map([
  ['SHA256WITHRSA', encodeAlgorithm(oids.sha256WithRsaEncryption, derNull)],
  ['SHA384WITHRSA', encodeAlgorithm(oids.sha384WithRsaEncryption, derNull)],
  ['SHA512WITHRSA', encodeAlgorithm(oids.sha512WithRsaEncryption, derNull)],
  ['SHA256WITHECDSA', encodeAlgorithm(oids.ecdsaWithSha256)],
  ['SHA384WITHECDSA', encodeAlgorithm(oids.ecdsaWithSha384)],
  ['SHA512WITHECDSA', encodeAlgorithm(oids.ecdsaWithSha512)],
  ['ML_DSA_44', encodeAlgorithm(oids.mlDsa44)],
  ['ML_DSA_65', encodeAlgorithm(oids.mlDsa65)],
  ['ML_DSA_87', encodeAlgorithm(oids.mlDsa87)],
])

function encodeAlgorithm(oid: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOidElement(oid), ...parameters)
}

/**
 * Encodes the AlgorithmIdentifier for a signing algorithm of AWS Private CA. Throws TypeError if the server cannot sign with
 * the algorithm.
 */
export function signatureAlgorithmIdentifier(signingAlgorithm: string): Uint8Array {
  const der = signatureAlgorithms.get(signingAlgorithm)
  if (der === undefined)
    throw new TypeError(`${signingAlgorithm} is not a supported signing algorithm`)
  return der
}

/**
 * Returns the name of an algorithm for messages, such as `sha1WithRsaEncryption`. If the algorithm is unknown, returns its
 * dotted OID.
 */
export function describeSignatureAlgorithm({ oid }: AlgorithmIdentifier): string {
  return oidName(oid)
}
