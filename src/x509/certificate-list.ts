/** CertificateList and TBSCertList, version 2 (RFC 5280 §5.1). */
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

/** What a TBSCertList is made of, its entries apart. */
export interface TbsCertListFields {
  /** DER of the AlgorithmIdentifier. */
  readonly signatureAlgorithm: Uint8Array
  /** DER of the Name, copied. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  /** At least one. */
  readonly crlExtensions: readonly Extension[]
}

/**
 * DER of a TBSCertList; `entries` are the contents of revokedCertificates in pieces, which is left out if there are none
 * (RFC 5280 §5.1.2.6).
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
    ...entriesOf(entries),
    encodeElement(crlExtensionsTag, encodeExtensions(fields.crlExtensions)),
  )
}

/** Header and pieces apart, so that a long list is copied once. */
function entriesOf(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const size = pieces.reduce((sum, { length }) => sum + length, 0)
  return size === 0 ? [] : [encodeHeader(tags.sequence, size), ...pieces]
}

/** DER of a CertificateList; `signature` goes into the BIT STRING as it is. */
export function encodeCertificateList(
  tbsCertListDer: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return encodeSequence(tbsCertListDer, signatureAlgorithm, encodeBitString(signature))
}

/** DER of CRLNumber (RFC 5280 §5.2.3). Throws RangeError for one of more than 20 octets, or a negative one. */
export function encodeCrlNumber(crlNumber: bigint): Uint8Array {
  const hex = crlNumber.toString(16)
  if (crlNumber < 0n || crlNumber >= 1n << 159n)
    throw new RangeError('cRLNumber has at most 20 octets')
  return encodeUnsigned(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

export interface CertificateList {
  readonly tbsCertListDer: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** DER of the Name. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  /** Contents octets of revokedCertificates, not looked at; empty if there are none. */
  readonly revokedCertificates: Uint8Array
  readonly crlExtensions: readonly Extension[]
  /** cRLNumber; undefined if there is none. */
  readonly crlNumber: bigint | undefined
  /** Octets of the BIT STRING. */
  readonly signature: Uint8Array
}

/** Reads a CertificateList of version 2, which must be the whole of `der`; not its entries. Throws DerError. */
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
    throw new DerError('CertificateList names two signature algorithms')
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
  if (element.content.length > 20) throw new DerError('cRLNumber has more than 20 octets')
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
}
