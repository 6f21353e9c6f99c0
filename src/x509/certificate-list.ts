/** Reads and writes CertificateList and TBSCertList, version 2 (RFC 5280 §5.1). */
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts'
import { DerError } from './der/error.ts'
import { contextTag, DerReader, readOnly, readOnlyNested, tags } from './der/reader.ts'
import { readBitStringBytes, readSmallInteger, readUnsignedBytes } from './der/values.ts'
import {
  encodeBitString,
  encodeElement,
  encodeHeader,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsigned,
} from './der/writer.ts'
import {
  encodeExtensions,
  findExtension,
  parseExtensions,
  type Extension,
} from './extensions/extensions.ts'
import { oids } from './der/oid.ts'
import { encodeTime, readTime } from './der/time.ts'

const crlExtensionsTag = contextTag(0, true)

/** The fields of a TBSCertList, not including its entries. */
export interface TbsCertListFields {
  /** AlgorithmIdentifier of the signature in DER. */
  readonly signatureAlgorithm: Uint8Array
  /** Issuer name in DER. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  /** Extensions of the CRL; at least one is required. */
  readonly crlExtensions: readonly Extension[]
}

/**
 * Encodes a TBSCertList. `entries` contains the contents of revokedCertificates in pieces. If there are no entries,
 * revokedCertificates is omitted (RFC 5280 §5.1.2.6).
 */
export function encodeTbsCertList(
  fields: TbsCertListFields,
  entries: readonly Uint8Array[],
): Uint8Array {
  return encodeSequence(
    encodeSmallInteger(1),
    fields.signatureAlgorithm,
    fields.issuer,
    encodeTime(fields.thisUpdate),
    encodeTime(fields.nextUpdate),
    ...encodeEntries(entries),
    encodeElement(crlExtensionsTag, encodeExtensions(fields.crlExtensions)),
  )
}

/** The header is encoded separately from the entries, so that a long list of entries is copied only once. */
function encodeEntries(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const size = pieces.reduce((sum, { length }) => sum + length, 0)
  return size === 0 ? [] : [encodeHeader(tags.sequence, size), ...pieces]
}

/** Encodes a CertificateList. `signature` is written unchanged as the BIT STRING. */
export function encodeCertificateList(
  tbsCertListDer: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return encodeSequence(tbsCertListDer, signatureAlgorithm, encodeBitString(signature))
}

/** Encodes CRLNumber. Throws RangeError if the number is negative or longer than 20 octets (RFC 5280 §5.2.3). */
export function encodeCrlNumber(crlNumber: bigint): Uint8Array {
  const hex = crlNumber.toString(16)
  if (crlNumber < 0n || crlNumber >= 1n << 159n)
    throw new RangeError('cRLNumber must be 0 or positive and have at most 20 bytes')
  return encodeUnsigned(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

export interface CertificateList {
  readonly tbsCertListDer: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** Issuer name in DER. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  /** Unparsed contents of revokedCertificates; empty if the field is absent. */
  readonly revokedCertificates: Uint8Array
  readonly crlExtensions: readonly Extension[]
  /** The cRLNumber, or undefined if the extension is absent. */
  readonly crlNumber: bigint | undefined
  /** Bytes of the BIT STRING that contains the signature. */
  readonly signature: Uint8Array
}

/**
 * Reads `der`, which must be exactly one CertificateList of version 2. The entries of the list are not parsed. Throws DerError
 * if `der` is malformed.
 */
export function parseCertificateList(der: Uint8Array): CertificateList {
  const outer = readOnlyNested(der, tags.sequence, 'CertificateList')
  const tbs = outer.element(tags.sequence)
  const signatureAlgorithm = readAlgorithmIdentifier(outer)
  const signature = readBitStringBytes(outer.element(tags.bitString), 'signature')
  outer.end()
  const reader = new DerReader(tbs.content, 'TBSCertList')
  readSmallInteger(reader.element(tags.integer), 'version', 1)
  const inner = readAlgorithmIdentifier(reader)
  if (Buffer.compare(inner.der, signatureAlgorithm.der) !== 0)
    throw new DerError('CertificateList has two different signature algorithms')
  const issuer = reader.element(tags.sequence).der
  const thisUpdate = readTime(reader, 'thisUpdate')
  const nextUpdate = readTime(reader, 'nextUpdate')
  const entries = reader.optional(tags.sequence)
  const crlExtensions = parseExtensions(reader.element(crlExtensionsTag).content)
  reader.end()
  const number = findExtension(crlExtensions, oids.crlNumber)
  return {
    tbsCertListDer: tbs.der,
    signatureAlgorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    revokedCertificates: entries?.content ?? new Uint8Array(),
    crlExtensions,
    crlNumber: number === undefined ? undefined : parseCrlNumber(number.value),
    signature,
  }
}

function parseCrlNumber(value: Uint8Array): bigint {
  const element = readOnly(value, tags.integer, 'cRLNumber')
  const bytes = readUnsignedBytes(element, 'cRLNumber')
  if (element.content.length > 20) throw new DerError('cRLNumber has more than 20 bytes')
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
}
