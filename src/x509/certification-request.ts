/** Reads and writes PKCS #10 CertificationRequests (RFC 2986 §4). */
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts'
import { withOffsetsFrom, DerError } from './der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from './der/reader.ts'
import { readAll, readBitStringBytes, readSmallInteger } from './der/values.ts'
import {
  encodeBitString,
  encodeElement,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from './der/writer.ts'
import {
  encodeExtensions,
  findExtension,
  parseExtensions,
  type Extension,
} from './extensions/extensions.ts'
import { parseName, type Name } from './names/name.ts'
import { decodeOid, encodeOidElement, oidName, oids } from './der/oid.ts'
import { parseSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from './subject-public-key-info.ts'
import { strict, type Tolerance } from './der/tolerance.ts'

export interface CertificationRequest {
  readonly der: Uint8Array
  /** DER of the CertificationRequestInfo, over which the signature is computed. */
  readonly certificationRequestInfoDer: Uint8Array
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  /**
   * Extensions in the attribute extensionRequest (RFC 2985 §5.4.2), followed by any additional extensions in Microsoft's
   * attribute szOID_CERT_EXTENSIONS. The list is empty if the request has neither attribute.
   */
  readonly extensions: readonly Extension[]
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** Bytes of the BIT STRING that contains the signature. */
  readonly signature: Uint8Array
}

const attributesTag = contextTag(0, true)
const attributesMax = 64

/**
 * Reads `der`, which must be exactly one CertificationRequest. Attributes that do not contain extensions are skipped. The
 * attributes field may be absent, because some clients omit it. Throws DerError if `der` is malformed or if two attributes
 * request the same extension with different values.
 */
export function parseCertificationRequest(
  der: Uint8Array,
  tolerance: Tolerance = strict,
): CertificationRequest {
  return withOffsetsFrom(der, () => readRequest(der, tolerance))
}

function readRequest(der: Uint8Array, tolerance: Tolerance): CertificationRequest {
  const reader = readOnlyNested(der, tags.sequence, 'CertificationRequest')
  const certificationRequestInfoDer = reader.element(tags.sequence).der
  const signatureAlgorithm = readAlgorithmIdentifier(reader)
  const signature = readBitStringBytes(reader.element(tags.bitString), 'signature')
  reader.end()
  const info = parseInfo(certificationRequestInfoDer, tolerance)
  return { der, certificationRequestInfoDer, ...info, signatureAlgorithm, signature }
}

function parseInfo(
  der: Uint8Array,
  tolerance: Tolerance,
): Pick<CertificationRequest, 'subject' | 'subjectPublicKeyInfo' | 'extensions'> {
  const reader = readOnlyNested(der, tags.sequence, 'CertificationRequestInfo')
  readSmallInteger(reader.element(tags.integer), 'version', 0)
  const subject = parseName(reader.element(tags.sequence).der)
  const subjectPublicKeyInfo = parseSubjectPublicKeyInfo(reader.element(tags.sequence).der)
  const attributes = reader.optional(attributesTag)
  reader.end()
  const extensions =
    attributes === undefined
      ? []
      : readAttributes(new DerReader(attributes.content, 'attributes'), tolerance)
  return { subject, subjectPublicKeyInfo, extensions }
}

/**
 * Returns whether a certificate request has a common name but no SAN. TLS clients reject a certificate without a SAN, whatever
 * the host name (RFC 9525 §2).
 */
export function lacksAlternativeName({ subject, extensions }: CertificationRequest): boolean {
  return (
    subject.rdns.some((rdn) => rdn.some(({ type }) => type === oids.commonName)) &&
    findExtension(extensions, oids.subjectAltName) === undefined
  )
}

/** An attribute of a CSR (RFC 2986 §4.1). */
export interface RequestAttribute {
  /** Dotted object identifier of the attribute type. */
  readonly type: string
  readonly values: readonly DerElement[]
}

const attributeValuesMax = 64

/**
 * Reads all attributes of a parsed CSR, including the attributes that parseCertificationRequest skips. Throws DerError if an
 * attribute has no values or too many values.
 */
export function parseRequestAttributes({
  certificationRequestInfoDer,
}: Pick<CertificationRequest, 'certificationRequestInfoDer'>): readonly RequestAttribute[] {
  const info = readOnlyNested(
    certificationRequestInfoDer,
    tags.sequence,
    'CertificationRequestInfo',
  )
  for (const tag of [tags.integer, tags.sequence, tags.sequence]) info.element(tag)
  const attributes = info.optional(attributesTag)
  if (attributes === undefined) return []
  const reader = new DerReader(attributes.content, 'attributes')
  return Array.from(attributesIn(reader), ({ type, values }) => {
    const label = `values of the attribute ${oidName(type)}`
    const elements = readAll(values, label, attributeValuesMax)
    if (elements.length === 0) throw new DerError(`attribute ${oidName(type)} has no value`)
    return { type, values: elements }
  })
}

/** Reads attributes one after another, without reading the values of each attribute. */
function* attributesIn(
  reader: DerReader,
): Generator<{ readonly type: string; readonly values: DerReader }> {
  for (let count = 0; !reader.atEnd; count += 1) {
    if (count === attributesMax)
      throw new DerError(`request has more than ${attributesMax} attributes`)
    const attribute = reader.nested(tags.sequence, 'Attribute')
    const type = decodeOid(attribute.element(tags.oid).content)
    const values = attribute.nested(tags.set, `values of the attribute ${oidName(type)}`)
    attribute.end()
    yield { type, values }
  }
}

/** Attributes that contain Extensions, in order of precedence. */
const extensionAttributes: readonly string[] = [oids.extensionRequest, oids.microsoftCertExtensions]

function readAttributes(reader: DerReader, tolerance: Tolerance): readonly Extension[] {
  const found = new Map<string, readonly Extension[]>()
  for (const { type, values } of attributesIn(reader)) {
    if (!extensionAttributes.includes(type)) continue
    if (found.has(type)) throw new DerError(`request has two ${oidName(type)} attributes`)
    found.set(type, readRequestedExtensions(values, tolerance))
  }
  const [requested = [], microsoft = []] = extensionAttributes.map((type) => found.get(type))
  return microsoft.length === 0 ? requested : mergeExtensions(requested, microsoft)
}

function readRequestedExtensions(values: DerReader, tolerance: Tolerance): readonly Extension[] {
  if (values.atEnd && tolerance.has('empty-extension-request')) return []
  const extensions = parseExtensions(values.element(tags.sequence).der, tolerance)
  values.end()
  return extensions
}

/**
 * Merges the extensions of two attributes. Throws DerError if the attributes request different values for the same extension.
 */
function mergeExtensions(
  requested: readonly Extension[],
  microsoft: readonly Extension[],
): readonly Extension[] {
  const further = microsoft.filter(({ oid, critical, value }) => {
    const same = findExtension(requested, oid)
    if (same === undefined) return true
    if (same.critical !== critical || Buffer.compare(same.value, value) !== 0)
      throw new DerError(
        `extensionRequest and microsoftCertExtensions request different values of ${oidName(oid)}`,
      )
    return false
  })
  return [...requested, ...further]
}

/** Encodes a CertificationRequestInfo. The attributes field is present even if it is empty (RFC 2986 §4.1). */
export function encodeCertificationRequestInfo(fields: {
  /** Name of the subject, in DER. */
  readonly subject: Uint8Array
  /** SubjectPublicKeyInfo of the subject's key, in DER. */
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

/** Encodes a CertificationRequest. `signature` is written unchanged as the BIT STRING. */
export function encodeCertificationRequest(
  certificationRequestInfoDer: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return encodeSequence(certificationRequestInfoDer, signatureAlgorithm, encodeBitString(signature))
}
