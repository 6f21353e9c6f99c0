/** Reads and writes Certificate and TBSCertificate (RFC 5280 §4.1). */
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts'
import { withOffsetsFrom, DerError } from './der/error.ts'
import { type DerReader, contextTag, readOnlyNested, tags } from './der/reader.ts'
import { readBitStringBytes, readIntegerBytes, readSmallInteger, startOf } from './der/values.ts'
import { encodeBackwards } from './der/backward-writer.ts'
import { encodeElement, encodeSmallInteger } from './der/writer.ts'
import { parseExtensions, writeExtensions, type Extension } from './extensions/extensions.ts'
import { parseName, type Name } from './names/name.ts'
import { serialNumberKey } from './serial-number-text.ts'
import { parseSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from './subject-public-key-info.ts'
import { readTime, writeTime } from './der/time.ts'
import { strict, type Tolerance } from './der/tolerance.ts'

export interface TbsCertificate {
  readonly tbsCertificateDer: Uint8Array
  readonly version: 1 | 2 | 3
  /**
   * Content bytes of the serial number's INTEGER in minimal two's complement, so the first byte may be zero. The serial number
   * can be negative only with the tolerance `negative-serial-number`.
   */
  readonly serialNumber: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly issuer: Name
  readonly notBefore: Date
  readonly notAfter: Date
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly extensions: readonly Extension[]
}

export interface Certificate extends TbsCertificate {
  readonly der: Uint8Array
  /** Bytes of the BIT STRING that contains the signature. */
  readonly signature: Uint8Array
}

export const versionTag = contextTag(0, true)
export const issuerUniqueIdTag = contextTag(1, false)
export const subjectUniqueIdTag = contextTag(2, false)
export const extensionsTag = contextTag(3, true)

/** Reads `der`, which must be exactly one Certificate. Throws DerError if `der` is malformed. */
export function parseCertificate(der: Uint8Array, tolerance: Tolerance = strict): Certificate {
  return withOffsetsFrom(der, () => readCertificate(der, tolerance))
}

function readCertificate(der: Uint8Array, tolerance: Tolerance): Certificate {
  const reader = readOnlyNested(der, tags.sequence, 'Certificate')
  const tbsCertificate = parseTbsCertificate(reader.element(tags.sequence).der, tolerance)
  const outer = readAlgorithmIdentifier(reader)
  const signature = readBitStringBytes(reader.element(tags.bitString), 'signature')
  reader.end()
  if (!sameBytes(outer.der, tbsCertificate.signatureAlgorithm.der))
    throw new DerError('Certificate has two different signature algorithms')
  return { ...tbsCertificate, der, signature }
}

/** Reads `der`, which must be exactly one TBSCertificate. Throws DerError if `der` is malformed. */
export function parseTbsCertificate(
  der: Uint8Array,
  tolerance: Tolerance = strict,
): TbsCertificate {
  const reader = readOnlyNested(der, tags.sequence, 'TBSCertificate')
  const version = readVersion(reader)
  const serialNumber = readSerialNumber(reader, tolerance)
  const signatureAlgorithm = readAlgorithmIdentifier(reader)
  const issuer = parseName(reader.element(tags.sequence).der)
  const validity = reader.nested(tags.sequence, 'Validity')
  const notBefore = readTime(validity, 'notBefore')
  const notAfter = readTime(validity, 'notAfter')
  validity.end()
  const subject = parseName(reader.element(tags.sequence).der)
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(reader.element(tags.sequence).der)
  const extensions = readTail(reader, version, tolerance)
  return {
    tbsCertificateDer: der,
    version,
    serialNumber,
    signatureAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    subjectPublicKeyInfo,
    extensions,
  }
}

/**
 * If a negative serial number were read as a magnitude, it could equal the serial number of another certificate (RFC 5280
 * §4.1.2.2).
 */
function readSerialNumber(reader: DerReader, tolerance: Tolerance): Uint8Array {
  const element = reader.element(tags.integer)
  const bytes = readIntegerBytes(element, 'serialNumber')
  if ((bytes[0] ?? 0) >= 0x80 && !tolerance.has('negative-serial-number'))
    throw new DerError('serialNumber is negative', startOf(element))
  return bytes
}

function readVersion(reader: DerReader): 1 | 2 | 3 {
  if (reader.peek() !== versionTag) return 1
  const explicit = reader.nested(versionTag, 'version')
  const value = readSmallInteger(explicit.element(tags.integer), 'version', 2)
  explicit.end()
  if (value === 0) throw new DerError('TBSCertificate has an encoded version 1, which DER omits')
  return value === 1 ? 2 : 3
}

/**
 * Reads the optional fields at the end of the TBSCertificate. Unique identifiers require version 2 or 3, and extensions require
 * version 3.
 */
function readTail(reader: DerReader, version: 1 | 2 | 3, tolerance: Tolerance): Extension[] {
  const uniqueIds = [reader.optional(issuerUniqueIdTag), reader.optional(subjectUniqueIdTag)]
  if (version === 1 && uniqueIds.some((id) => id !== undefined))
    throw new DerError('TBSCertificate of version 1 has unique identifiers')
  const explicit = reader.optional(extensionsTag)
  reader.end()
  if (explicit === undefined) return []
  if (version !== 3) throw new DerError(`TBSCertificate of version ${version} has extensions`)
  const extensions = parseExtensions(explicit.content, tolerance)
  if (extensions.length === 0) throw new DerError('TBSCertificate has an empty list of extensions')
  return extensions
}

/** The fields from which a TBSCertificate is encoded. */
export interface TbsCertificateFields {
  /** Magnitude of the serial number, in big-endian order. */
  readonly serialNumber: Uint8Array
  /** AlgorithmIdentifier of the signature in DER. */
  readonly signatureAlgorithm: Uint8Array
  /** Issuer name in DER. */
  readonly issuer: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  /** Name of the subject, in DER. */
  readonly subject: Uint8Array
  /** SubjectPublicKeyInfo of the subject's key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** Extensions of the certificate; at least one is required. */
  readonly extensions: readonly Extension[]
}

const version3 = encodeElement(versionTag, encodeSmallInteger(2))

/** Encodes a TBSCertificate, version 3. */
export function encodeTbsCertificate(fields: TbsCertificateFields): Uint8Array {
  return encodeBackwards((der) => {
    der.element(tags.sequence, () => {
      der.element(extensionsTag, () => writeExtensions(der, fields.extensions))
      der.bytes(fields.subjectPublicKeyInfo)
      der.bytes(fields.subject)
      der.element(tags.sequence, () => {
        writeTime(der, fields.notAfter)
        writeTime(der, fields.notBefore)
      })
      der.bytes(fields.issuer)
      der.bytes(fields.signatureAlgorithm)
      der.unsigned(fields.serialNumber)
      der.bytes(version3)
    })
  })
}

/**
 * Returns the first field of a TBSCertificate that differs from `fields`, or undefined if all fields are equal. Throws DerError
 * if the TBSCertificate is malformed.
 */
export function differingField(
  tbsCertificateDer: Uint8Array,
  fields: TbsCertificateFields,
): keyof TbsCertificateFields | undefined {
  const read = parseTbsCertificate(tbsCertificateDer)
  const isSame: Record<keyof TbsCertificateFields, boolean> = {
    serialNumber: serialNumberKey(read.serialNumber) === serialNumberKey(fields.serialNumber),
    signatureAlgorithm: sameBytes(read.signatureAlgorithm.der, fields.signatureAlgorithm),
    issuer: sameBytes(read.issuer.der, fields.issuer),
    notBefore: read.notBefore.getTime() === fields.notBefore.getTime(),
    notAfter: read.notAfter.getTime() === fields.notAfter.getTime(),
    subject: sameBytes(read.subject.der, fields.subject),
    subjectPublicKeyInfo: sameBytes(read.subjectPublicKeyInfo.der, fields.subjectPublicKeyInfo),
    extensions: sameExtensions(read.extensions, fields.extensions),
  }
  const names = Object.keys(isSame) as (keyof TbsCertificateFields)[]
  return names.find((name) => !isSame[name])
}

function sameExtensions(a: readonly Extension[], b: readonly Extension[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ oid, critical, value }, index) => {
      const other = b[index]
      return other?.oid === oid && other.critical === critical && sameBytes(value, other.value)
    })
  )
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Encodes a Certificate. `signature` is written unchanged as the BIT STRING. */
export function encodeCertificate(
  tbsCertificateDer: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return encodeBackwards((der) => {
    der.element(tags.sequence, () => {
      der.bitString(signature)
      der.bytes(signatureAlgorithm)
      der.bytes(tbsCertificateDer)
    })
  })
}
