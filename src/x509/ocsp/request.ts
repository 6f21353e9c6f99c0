/** Reads and writes OCSPRequests (RFC 6960 §4.1) and their nonces (RFC 9654 §2.1). */
import { createHash } from 'node:crypto'
import { parseAlgorithmIdentifier } from '../algorithm-identifier.ts'
import type { Certificate } from '../certificate.ts'
import { DerError } from '../der/error.ts'
import { contextTag, readOnly, readOnlyNested, tags, type DerReader } from '../der/reader.ts'
import { encodeOctetString, encodeSequence, encodeUnsigned } from '../der/writer.ts'
import { isNull, readIntegerBytes, readSmallInteger } from '../der/values.ts'
import { findExtension, parseExtensions, type Extension } from '../extensions/extensions.ts'
import { encodeOidElement, oids } from '../der/oid.ts'

/** Hash algorithms that are accepted in a CertID (SHA-1 and the SHA-2 family), with the lengths of their hashes in bytes. */
const hashBytes = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const

export type CertIdHash = keyof typeof hashBytes

export const certIdHashes: readonly CertIdHash[] = Object.keys(hashBytes) as CertIdHash[]

export interface CertId {
  /** DER of the CertID, which the response repeats. */
  readonly der: Uint8Array
  readonly hash: CertIdHash
  /** Hash of the issuer's Name in DER. */
  readonly issuerNameHash: Uint8Array
  /** Hash of the bytes of the issuer's public key, without the tag, the length and the number of unused bits. */
  readonly issuerKeyHash: Uint8Array
  /** Content bytes of the serial number's INTEGER. */
  readonly serialNumber: Uint8Array
}

export interface OcspRequest {
  /** CertIDs in the request, at least one. */
  readonly certIds: readonly CertId[]
  /** The nonce extension, which the response repeats, or undefined if the request has no nonce. */
  readonly nonce: Extension | undefined
}

/** Maximum number of certificates in a request. No client in use reaches this number. */
const certIdsMax = 20
const versionTag = contextTag(0, true)
const requestorNameTag = contextTag(1, true)
const requestExtensionsTag = contextTag(2, true)
const singleRequestExtensionsTag = contextTag(0, true)
const optionalSignatureTag = contextTag(0, true)

/**
 * Reads `der`, which must be exactly one OCSPRequest. A signature is neither required nor verified. Throws DerError if `der` is
 * malformed or contains more than 20 certificates, a nonce that is not 1 to 128 octets long (RFC 9654 §2.1), an unknown critical
 * extension, or a hash other than SHA-1 and SHA-2.
 */
export function parseOcspRequest(der: Uint8Array): OcspRequest {
  const outer = readOnlyNested(der, tags.sequence, 'OCSPRequest')
  const reader = outer.nested(tags.sequence, 'TBSRequest')
  outer.optional(optionalSignatureTag)
  outer.end()
  readVersion(reader)
  reader.optional(requestorNameTag)
  const certIds = readRequests(reader.nested(tags.sequence, 'requestList'))
  const wrapped = reader.optional(requestExtensionsTag)
  reader.end()
  const extensions = wrapped === undefined ? [] : parseExtensions(wrapped.content)
  requireKnown(extensions)
  const nonce = findExtension(extensions, oids.ocspNonce)
  if (nonce !== undefined) requireNonce(nonce.value)
  return { certIds, nonce }
}

/** A certificate that an OCSP request refers to. */
interface RequestedCertificate {
  readonly issuer: Pick<Certificate, 'subject' | 'subjectPublicKeyInfo'>
  /** Serial number of the certificate, in big-endian order. */
  readonly serialNumber: Uint8Array
}

/** Encodes an OCSP request for one certificate. As in all common clients, the CertID uses SHA-1 (RFC 5019 §2.1.1). */
export function encodeOcspRequest({ issuer, serialNumber }: RequestedCertificate): Uint8Array {
  const digest = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()
  const certId = encodeSequence(
    encodeSequence(encodeOidElement(oids.sha1), derNull),
    encodeOctetString(digest(issuer.subject.der)),
    encodeOctetString(digest(issuer.subjectPublicKeyInfo.subjectPublicKey)),
    encodeUnsigned(serialNumber),
  )
  return encodeSequence(encodeSequence(encodeSequence(encodeSequence(certId))))
}

const derNull = Uint8Array.of(0x05, 0x00)

function readVersion(reader: DerReader): void {
  if (reader.peek() !== versionTag) return
  const explicit = reader.nested(versionTag, 'version')
  readSmallInteger(explicit.element(tags.integer), 'version', 0)
  explicit.end()
}

function readRequests(reader: DerReader): CertId[] {
  const certIds: CertId[] = []
  do {
    if (certIds.length === certIdsMax)
      throw new DerError(`requestList has more than ${certIdsMax} requests`)
    const request = reader.nested(tags.sequence, 'Request')
    certIds.push(parseCertId(request.element(tags.sequence).der))
    const wrapped = request.optional(singleRequestExtensionsTag)
    request.end()
    if (wrapped !== undefined) requireKnown(parseExtensions(wrapped.content))
  } while (!reader.atEnd)
  return certIds
}

/** Throws DerError if an extension other than the nonce is critical, because only the nonce is processed. */
function requireKnown(extensions: readonly Extension[]): void {
  const critical = extensions.find((each) => each.critical && each.oid !== oids.ocspNonce)
  if (critical !== undefined)
    throw new DerError(`OCSPRequest has the critical extension ${critical.oid}`)
}

/** Reads a nonce, which must be an OCTET STRING of 1 to 128 bytes. */
function requireNonce(value: Uint8Array): void {
  const { content } = readOnly(value, tags.octetString, 'nonce')
  if (content.length < 1 || content.length > 128) throw new DerError('nonce is not 1 to 128 bytes')
}

const hashByOid: ReadonlyMap<string, CertIdHash> = new Map(
  certIdHashes.map((hash) => [oids[hash], hash]),
)

function parseCertId(der: Uint8Array): CertId {
  const reader = readOnlyNested(der, tags.sequence, 'CertID')
  const { oid, parameters } = parseAlgorithmIdentifier(reader.element(tags.sequence).der)
  const hash = hashByOid.get(oid)
  if (hash === undefined)
    throw new DerError(`CertID has the hash algorithm ${oid}, but must have SHA-1 or SHA-2`)
  if (parameters !== undefined && !isNull(parameters))
    throw new DerError('hashAlgorithm has parameters')
  const issuerNameHash = reader.element(tags.octetString).content
  const issuerKeyHash = reader.element(tags.octetString).content
  const serialNumber = readIntegerBytes(reader.element(tags.integer), 'serialNumber')
  reader.end()
  if (issuerNameHash.length !== hashBytes[hash] || issuerKeyHash.length !== hashBytes[hash])
    throw new DerError('CertID has hashes whose length does not match its algorithm')
  return { der, hash, issuerNameHash, issuerKeyHash, serialNumber }
}
