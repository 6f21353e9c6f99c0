/** CertificationRequest of PKCS #10 (RFC 2986 §4). */
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts'
import { DerError } from './der-error.ts'
import { contextTag, DerReader, readOnlyNested, tags } from './der-reader.ts'
import { readBitStringOctets, readSmallInteger } from './der-values.ts'
import {
  encodeBitString,
  encodeElement,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from './der-writer.ts'
import { encodeExtensions, parseExtensions, type Extension } from './extensions.ts'
import { parseName, type Name } from './name.ts'
import { decodeOid, encodeOidElement, oids } from './oid.ts'
import { parseSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from './subject-public-key-info.ts'

export interface CertificationRequest {
  readonly der: Uint8Array
  /** What is signed. */
  readonly certificationRequestInfoDer: Uint8Array
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  /** Those of the extensionRequest attribute (RFC 2985 §5.4.2); empty if there is none. */
  readonly extensions: readonly Extension[]
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** Octets of the BIT STRING. */
  readonly signature: Uint8Array
}

const attributesTag = contextTag(0, true)
const attributesMax = 64

/**
 * Reads a CertificationRequest, which must be the whole of `der`. Attributes beside extensionRequest are skipped, and
 * attributes that are missing altogether are accepted, as some clients send it so. Throws DerError.
 */
export function parseCertificationRequest(der: Uint8Array): CertificationRequest {
  const reader = readOnlyNested(der, tags.sequence, 'CertificationRequest')
  const certificationRequestInfoDer = reader.element(tags.sequence).der
  const signatureAlgorithm = readAlgorithmIdentifier(reader)
  const signature = readBitStringOctets(reader.element(tags.bitString), 'signature')
  reader.end()
  const info = parseInfo(certificationRequestInfoDer)
  return { der, certificationRequestInfoDer, ...info, signatureAlgorithm, signature }
}

function parseInfo(
  der: Uint8Array,
): Pick<CertificationRequest, 'subject' | 'subjectPublicKeyInfo' | 'extensions'> {
  const reader = readOnlyNested(der, tags.sequence, 'CertificationRequestInfo')
  readSmallInteger(reader.element(tags.integer), 'version', 0)
  const subject = parseName(reader.element(tags.sequence).der)
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(reader.element(tags.sequence).der)
  const attributes = reader.optional(attributesTag)
  reader.end()
  const extensions =
    attributes === undefined ? [] : readAttributes(new DerReader(attributes.content, 'attributes'))
  return { subject, subjectPublicKeyInfo, extensions }
}

function readAttributes(reader: DerReader): readonly Extension[] {
  let extensions: readonly Extension[] | undefined
  for (let count = 0; !reader.atEnd; count += 1) {
    if (count === attributesMax)
      throw new DerError(`request has more than ${attributesMax} attributes`)
    const attribute = reader.nested(tags.sequence, 'Attribute')
    const type = decodeOid(attribute.element(tags.oid).content)
    const values = attribute.nested(tags.set, 'values of an Attribute')
    attribute.end()
    if (type !== oids.extensionRequest) continue
    if (extensions !== undefined) throw new DerError('request has two extensionRequest attributes')
    extensions = parseExtensions(values.element(tags.sequence).der)
    values.end()
  }
  return extensions ?? []
}

/** DER of CertificationRequestInfo; the attributes field is written even if it is empty (RFC 2986 §4.1). */
export function encodeCertificationRequestInfo(fields: {
  /** DER of the Name. */
  readonly subject: Uint8Array
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  readonly extensions?: readonly Extension[]
}): Uint8Array {
  const { subject, subjectPublicKeyInfo, extensions = [] } = fields
  const attributes = extensions.length === 0 ? [] : [encodeExtensionRequest(extensions)]
  return encodeSequence(
    encodeSmallInteger(0),
    subject,
    subjectPublicKeyInfo,
    encodeElement(attributesTag, ...attributes),
  )
}

function encodeExtensionRequest(extensions: readonly Extension[]): Uint8Array {
  return encodeSequence(
    encodeOidElement(oids.extensionRequest),
    encodeSetOf([encodeExtensions(extensions)]),
  )
}

/** DER of a CertificationRequest; `signature` goes into the BIT STRING as it is. */
export function encodeCertificationRequest(
  certificationRequestInfoDer: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return encodeSequence(certificationRequestInfoDer, signatureAlgorithm, encodeBitString(signature))
}
