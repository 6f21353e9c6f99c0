/** Checks names and their strings (RFC 5280 §4.1.2.4, appendix A.1). */
import { DerError } from '../x509/der/error.ts'
import { readOnlyNested, tags } from '../x509/der/reader.ts'
import { requireDerTree } from '../x509/der/tree.ts'
import { isInSetOrder, readAll } from '../x509/der/values.ts'
import { attributePlace, type AttributeTypeAndValue, type Name } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { findCharacter, isPrintable, isStringTag } from '../x509/der/strings.ts'
import { lintOid } from './object-identifiers.ts'
import type { Report } from './rules.ts'

/** A string, with its location for messages. */
interface PlacedString {
  readonly tag: number
  readonly text: string
  /** Returns the location; called only if there is a finding. */
  readonly place: () => string
}

/** Matches text whose characters do not need to be checked further. */
const plainText = /^[\x20-\x7e]*$/
/** C0 and C1 control characters, DEL, and noncharacters. */
const controlCharacter = /[\p{Cc}\p{Noncharacter_Code_Point}]/u
/** Marks, embeddings, overrides and isolates for bidirectional text. */
const directionCharacter = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
const surrogate = /\p{Surrogate}/u
const beyondBmp = /[\u{10000}-\u{10ffff}]/u
const beyondAscii = /[^\0-\u007F]/u

/** The choices of DirectoryString that every implementation supports. */
export const directoryStrings: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.printableString,
  tags.teletexString,
  tags.bmpString,
])
/** All accepted string types. UniversalString is not accepted, because Go cannot read it and no client in use writes it. */
const stringTags: ReadonlySet<number> = new Set([
  ...directoryStrings,
  tags.ia5String,
  tags.numericString,
])
const legacyTags: ReadonlySet<number> = new Set([tags.teletexString, tags.bmpString])

/** Requirements for an attribute's value in RFC 5280 appendix A.1. */
interface AttributeSyntax {
  /** The only permitted string type; undefined for a DirectoryString. */
  readonly tag?: number
  /** Maximum number of characters. */
  readonly lengthMax?: number
}

const nameLengthMax = 32_768

const syntaxes: ReadonlyMap<string, AttributeSyntax> = new Map([
  [oids.countryName, { tag: tags.printableString, lengthMax: 2 }],
  [oids.serialNumber, { tag: tags.printableString, lengthMax: 64 }],
  [oids.dnQualifier, { tag: tags.printableString }],
  [oids.domainComponent, { tag: tags.ia5String }],
  [oids.emailAddress, { tag: tags.ia5String, lengthMax: 255 }],
  [oids.commonName, { lengthMax: 64 }],
  [oids.organizationName, { lengthMax: 64 }],
  [oids.organizationalUnitName, { lengthMax: 64 }],
  [oids.title, { lengthMax: 64 }],
  [oids.localityName, { lengthMax: 128 }],
  [oids.stateOrProvinceName, { lengthMax: 128 }],
  [oids.pseudonym, { lengthMax: 128 }],
  [oids.surname, { lengthMax: nameLengthMax }],
  [oids.givenName, { lengthMax: nameLengthMax }],
  [oids.initials, { lengthMax: nameLengthMax }],
  [oids.generationQualifier, { lengthMax: nameLengthMax }],
  [oids.userId, {}],
])

/** Checks every attribute in a name. `label` identifies the name in messages, for example `subject`. */
export function lintName(name: Name, label: string, report: Report): void {
  for (const [index, rdn] of name.rdns.entries()) {
    for (const attribute of rdn) {
      const place = (): string => `${label}, ${attributePlace(attribute.type, index + 1)}`
      lintAttribute(attribute, place, report)
    }
  }
  if (name.rdns.some((rdn) => rdn.length > 1)) lintSets(name, label, report)
}

function lintAttribute(
  { type, tag, value, valueDer }: AttributeTypeAndValue,
  place: () => string,
  report: Report,
): void {
  const syntax = syntaxes.get(type)
  if (syntax === undefined) lintOid(type, place, report)
  if (!(stringTags.has(tag) || (syntax === undefined && mayHoldStructure(type, tag)))) {
    report.add('subject-value-types', `${place()} is ${stringType(tag)}`)
    return
  }
  if (!isStringTag(tag)) {
    report.add('name-string-type', `${place()} is ${stringType(tag)}, which Go cannot read`)
    lintStructure(valueDer, place, report)
    return
  }
  lintString({ tag, text: value, place }, report)
  if (syntax !== undefined) lintSyntax(syntax, { tag, text: value, place }, report)
}

const uniqueIdentifier = '2.5.4.45'
/** OID arc of the attributes that X.520 defines. */
const x520Arc = '2.5.4.'

/** Returns whether an attribute may have a value that is not a string, like some X.520 attributes. */
function mayHoldStructure(type: string, tag: number): boolean {
  return type === uniqueIdentifier
    ? tag === tags.bitString
    : tag === tags.sequence && type.startsWith(x520Arc)
}

function lintStructure(der: Uint8Array, place: () => string, report: Report): void {
  try {
    requireDerTree(der, 'the value')
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add('subject-value-types', `${place()}: ${error.message}`)
  }
}

function lintSyntax(
  { tag: expectedTag, lengthMax }: AttributeSyntax,
  { tag, text, place }: PlacedString,
  report: Report,
): void {
  const hasType = expectedTag === undefined ? directoryStrings.has(tag) : tag === expectedTag
  if (!hasType) report.add('name-string-type', `${place()} is ${stringType(tag)}`)
  if (lengthMax === undefined || (text.length <= lengthMax && lengthMax > 2)) return
  const length = Array.from(text).length
  if (length > lengthMax || (lengthMax === 2 && length === 1))
    report.add(
      'name-value-length',
      `${place()} has ${length} characters instead of ${lengthMax === 2 ? '' : 'at most '}${lengthMax}`,
    )
}

/** Checks the characters of a string decoded by decodeString. */
export function lintString({ tag, text, place }: PlacedString, report: Report): void {
  if (text.trim() === '') report.add(text === '' ? 'name-value-empty' : 'name-value-blank', place())
  if (tag === tags.printableString && !isPrintable(text)) {
    const found = findCharacter(text, (character) => !isPrintable(character))
    report.add(
      'name-characters',
      `${place()} has ${found}, which is not allowed in a PrintableString`,
    )
  }
  if (legacyTags.has(tag)) report.add('name-legacy-string', `${place()} is ${stringType(tag)}`)
  if (!plainText.test(text)) lintUnusualCharacters({ tag, text, place }, report)
}

function lintUnusualCharacters({ tag, text, place }: PlacedString, report: Report): void {
  const found = (pattern: RegExp): string | undefined =>
    findCharacter(text, (character) => pattern.test(character))
  const control = found(controlCharacter)
  if (control !== undefined) report.add('name-control-characters', `${place()} has ${control}`)
  const unpaired = found(surrogate)
  if (unpaired !== undefined)
    report.add('name-characters', `${place()} has ${unpaired}, an unpaired surrogate`)
  const direction = found(directionCharacter)
  if (direction !== undefined)
    report.add('name-invisible-characters', `${place()} has ${direction}`)
  const beyond = tag === tags.bmpString ? found(beyondBmp) : undefined
  // OpenSSL does not load a certificate that has surrogates in a BMPString, even in pairs.
  if (beyond !== undefined)
    report.add('name-characters', `${place()} has ${beyond}, which is not allowed in a BMPString`)
  const foreign = tag === tags.teletexString ? found(beyondAscii) : undefined
  // Most implementations interpret a TeletexString as Latin-1, some as T.61, and pyca/cryptography as UTF-8.
  if (foreign !== undefined)
    report.add(
      'name-characters',
      `${place()} has ${foreign}, which is ambiguous in a TeletexString`,
    )
}

const stringTypes: ReadonlyMap<number, string> = new Map([
  [tags.utf8String, 'a UTF8String'],
  [tags.printableString, 'a PrintableString'],
  [tags.teletexString, 'a TeletexString'],
  [tags.bmpString, 'a BMPString'],
  [tags.universalString, 'a UniversalString'],
  [tags.ia5String, 'an IA5String'],
  [tags.numericString, 'a NumericString'],
  [tags.visibleString, 'a VisibleString'],
  [tags.bitString, 'a BIT STRING'],
  [tags.sequence, 'a SEQUENCE'],
])

function stringType(tag: number): string {
  return stringTypes.get(tag) ?? `of tag 0x${tag.toString(16)}`
}

/** Checks that multi-valued RDNs, which are rare, are in DER order and contain each attribute type only once. */
function lintSets({ der, rdns }: Name, label: string, report: Report): void {
  const sets = readAll(readOnlyNested(der, tags.sequence, label), label, rdns.length)
  for (const [index, set] of sets.entries()) {
    const types = (rdns[index] ?? []).map(({ type }) => type)
    const place = `${label}, RDN ${index + 1}`
    if (new Set(types).size < types.length) report.add('name-repeated-attribute', place)
    const attributes = readAll(readOnlyNested(set.der, tags.set, label), label, types.length)
    const isOrdered = isInSetOrder(attributes.map((attribute) => attribute.der))
    if (!isOrdered) report.add('name-set-order', place)
  }
}
