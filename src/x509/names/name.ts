/** Reads, writes, compares and formats Names (RFC 5280 §4.1.2.4). */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags, type DerElement, type DerReader } from '../der/reader.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../der/writer.ts'
import { decodeOid, encodeOidElement, oidName, oids } from '../der/oid.ts'
import { decodeString, isAscii, isPrintable, isStringTag } from '../der/strings.ts'

export interface AttributeTypeAndValue {
  /** Dotted object identifier of the attribute type. */
  readonly type: string
  /** Tag of the attribute value. */
  readonly tag: number
  /**
   * Text of the attribute value. A value that is not a string is represented by `#` and its hexadecimal DER (RFC 4514 §2.4).
   */
  readonly value: string
  /** The complete element that contains the attribute value. */
  readonly valueDer: Uint8Array
}

export interface Name {
  readonly der: Uint8Array
  /** Relative distinguished names (RDNs), from first to last. Most RDNs have a single attribute. */
  readonly rdns: readonly (readonly AttributeTypeAndValue[])[]
}

/** Maximum number of RDNs, which limits the time for comparing and formatting a name. No name in use reaches this number. */
const rdnsMax = 256
const attributesMax = 64

/** Reads `der`, which must be exactly one Name. Throws DerError if `der` is malformed. */
export function parseName(der: Uint8Array): Name {
  const reader = readOnlyNested(der, tags.sequence, 'Name')
  const rdns: AttributeTypeAndValue[][] = []
  while (!reader.atEnd) {
    if (rdns.length === rdnsMax) throw new DerError(`Name has more than ${rdnsMax} RDNs`)
    rdns.push(readRdn(reader.nested(tags.set, 'RelativeDistinguishedName'), rdns.length + 1))
  }
  return { der, rdns }
}

/**
 * Reads the text of all attributes of one type, in order. Attributes of other types are skipped without being parsed. `type` is
 * the contents of an object identifier. Throws DerError if the Name is malformed.
 */
export function parseTextsOf(type: Uint8Array, der: Uint8Array): string[] {
  const reader = readOnlyNested(der, tags.sequence, 'Name')
  const texts: string[] = []
  while (!reader.atEnd) {
    const rdn = reader.nested(tags.set, 'RelativeDistinguishedName')
    while (!rdn.atEnd) {
      const attribute = rdn.nested(tags.sequence, 'AttributeTypeAndValue')
      if (!attribute.element(tags.oid).contains(type)) continue
      const text = decodeString(attribute.any())
      if (text !== undefined) texts.push(text)
    }
  }
  return texts
}

/** Reads an RDN. The RDN's attributes need not be in DER order, because some names in use violate this order. */
function readRdn(reader: DerReader, position: number): AttributeTypeAndValue[] {
  const attributes: AttributeTypeAndValue[] = []
  do {
    if (attributes.length === attributesMax)
      throw new DerError(`RelativeDistinguishedName has more than ${attributesMax} attributes`)
    attributes.push(readAttribute(reader.nested(tags.sequence, 'AttributeTypeAndValue'), position))
  } while (!reader.atEnd)
  return attributes
}

function readAttribute(reader: DerReader, position: number): AttributeTypeAndValue {
  const type = decodeOid(reader.element(tags.oid).content)
  const value = reader.any()
  reader.end()
  const text = readText(value, type, position) ?? `#${Buffer.from(value.der).toString('hex')}`
  return { type, tag: value.tag, value: text, valueDer: value.der }
}

function readText(value: DerElement, type: string, position: number): string | undefined {
  try {
    return decodeString(value)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new DerError(`${attributePlace(type, position)}: ${error.message}`, { cause: error })
  }
}

/** Describes an attribute for messages. `position` is the position of the attribute's RDN in the Name, counted from 1. */
export function attributePlace(type: string, position: number): string {
  return `${oidName(type)} in RDN ${position}`
}

export interface NameAttribute {
  readonly type: string
  readonly value: string
}

const printableTypes: ReadonlySet<string> = new Set([
  oids.countryName,
  oids.serialNumber,
  oids.dnQualifier,
])
const ia5Types: ReadonlySet<string> = new Set([oids.domainComponent, oids.emailAddress])

/**
 * Encodes a Name with one attribute per RDN, in the given order. A value has the string type that RFC 5280 appendix A.1 specifies
 * for its attribute, if that type allows the text. If the type does not allow the text, the value is a UTF8String.
 */
export function encodeName(attributes: readonly NameAttribute[]): Uint8Array {
  return encodeSequence(
    ...attributes.map(({ type, value }) =>
      encodeSetOf([encodeSequence(encodeOidElement(type), encodeText(type, value))]),
    ),
  )
}

function encodeText(type: string, value: string): Uint8Array {
  const printable = printableTypes.has(type) && isPrintable(value)
  const ia5 = ia5Types.has(type) && isAscii(value)
  const tag = printable ? tags.printableString : ia5 ? tags.ia5String : tags.utf8String
  return encodeElement(tag, Buffer.from(value, 'utf8'))
}

export function isEmptyName(name: Name): boolean {
  return name.rdns.length === 0
}

/**
 * Returns whether two names match according to RFC 5280 §7.1. The comparison ignores string types, case, repeated white space,
 * and the order of attributes within an RDN.
 */
export function sameName(a: Name, b: Name): boolean {
  if (Buffer.compare(a.der, b.der) === 0) return true
  return (
    a.rdns.length === b.rdns.length &&
    a.rdns.every((rdn, index) => comparableRdn(rdn) === comparableRdn(b.rdns[index] ?? []))
  )
}

function comparableRdn(rdn: readonly AttributeTypeAndValue[]): string {
  // The separators differ, so that text with a leading `#` cannot be confused with a value in hexadecimal DER.
  const attributes = rdn.map(({ type, tag, value }) =>
    isStringTag(tag) ? `${type}=${foldText(value)}` : `${type}:${value}`,
  )
  return JSON.stringify(attributes.sort())
}

function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')
}

/** Keywords from RFC 4514 §3, by the object identifier of the attribute type. */
export const attributeKeywords: ReadonlyMap<string, string> = new Map([
  [oids.commonName, 'CN'],
  [oids.countryName, 'C'],
  [oids.localityName, 'L'],
  [oids.stateOrProvinceName, 'ST'],
  [oids.organizationName, 'O'],
  [oids.organizationalUnitName, 'OU'],
  [oids.domainComponent, 'DC'],
  [oids.userId, 'UID'],
])

const shownLengthMax = 200

/**
 * Formats a name for messages as in RFC 4514, except that the first RDN comes first and the result has at most 200 characters.
 */
export function formatName(name: Name): string {
  const text = nameText(name)
  const shown = Array.from(text).slice(0, shownLengthMax).join('')
  return shown === text ? `"${text}"` : `"${shown}…"`
}

/** Formats a whole name like formatName, but without quotation marks. */
export function nameText({ rdns }: Name): string {
  return rdns
    .map((rdn) =>
      rdn
        .map(({ type, value }) => `${attributeKeywords.get(type) ?? type}=${escapeText(value)}`)
        .join('+'),
    )
    .join(', ')
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\,+"<>;]/g, String.raw`\$&`).replaceAll(/\p{Cc}/gu, '?')
}
