/** Reads and writes GeneralNames (RFC 5280 §4.2.1.6). Only the syntax of each name is checked, not its meaning. */
import { isUtf8 } from 'node:buffer'
import { DerError } from '../der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from '../der/reader.ts'
import { readAll } from '../der/values.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { parseName } from './name.ts'
import { decodeOid } from '../der/oid.ts'
import { findCharacter } from '../der/strings.ts'

/** The choices of GeneralName, by their tag numbers. */
const generalNameKinds = [
  'otherName',
  'rfc822Name',
  'dNSName',
  'x400Address',
  'directoryName',
  'ediPartyName',
  'uniformResourceIdentifier',
  'iPAddress',
  'registeredID',
] as const

type GeneralNameKind = (typeof generalNameKinds)[number]

export interface GeneralName {
  readonly kind: GeneralNameKind
  /** Contents of the choice. A directoryName has an explicit tag, so its contents are the DER of the Name. */
  readonly content: Uint8Array
}

/** Choices of GeneralName that contain other elements. */
const constructedKinds: ReadonlySet<GeneralNameKind> = new Set([
  'otherName',
  'x400Address',
  'directoryName',
  'ediPartyName',
])

const namesMax = 1000
/** Maximum number of elements in an x400Address or an ediPartyName, which are not used in practice. */
const partsMax = 64

/** Reads `value`, which must be exactly one GeneralNames with at least one name. Throws DerError if `value` is malformed. */
export function parseGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = readOnlyNested(value, tags.sequence, 'GeneralNames')
  const names: GeneralName[] = []
  do {
    if (names.length === namesMax)
      throw new DerError(`GeneralNames has more than ${namesMax} names`)
    const { tag, content } = reader.any()
    const kind = generalNameKinds[tag & 0x1f]
    if (kind === undefined || tag !== tagOf(kind))
      throw new DerError(`GeneralNames has a name with tag 0x${tag.toString(16)}`)
    requireContent(kind, content)
    names.push({ kind, content })
  } while (!reader.atEnd)
  return names
}

/** Encodes GeneralNames in the given order. Throws DerError if parseGeneralNames would reject the list. */
export function encodeGeneralNames(names: readonly GeneralName[]): Uint8Array {
  if (names.length === 0) throw new DerError('GeneralNames has no name')
  if (names.length > namesMax) throw new DerError(`GeneralNames has more than ${namesMax} names`)
  return encodeSequence(...names.map(encodeGeneralName))
}

/** Encodes one GeneralName. Throws DerError if parseGeneralNames would reject the name. */
export function encodeGeneralName({ kind, content }: GeneralName): Uint8Array {
  requireContent(kind, content)
  return encodeElement(tagOf(kind), content)
}

export function uriName(uri: string): GeneralName {
  return { kind: 'uniformResourceIdentifier', content: Buffer.from(uri, 'utf8') }
}

function tagOf(kind: GeneralNameKind): number {
  return contextTag(generalNameKinds.indexOf(kind), constructedKinds.has(kind))
}

function requireContent(kind: GeneralNameKind, content: Uint8Array): void {
  switch (kind) {
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return requireVisible(kind, content)
    case 'iPAddress':
      return requireAddress(content)
    case 'directoryName':
      parseName(content)
      return
    case 'registeredID':
      decodeOid(content)
      return
    case 'otherName':
      parseOtherName(content)
      return
    case 'x400Address':
    case 'ediPartyName':
      readAll(new DerReader(content, kind), kind, partsMax)
  }
}

/**
 * Requires an IA5String without control characters. Email addresses, DNS names and URIs never contain control characters, and
 * some verifiers truncate a name at NUL.
 */
function requireVisible(kind: GeneralNameKind, content: Uint8Array): void {
  if (content.some((byte) => byte < 0x20 || byte >= 0x7f))
    throw new DerError(`${kind} has ${invisibleCharacter(content)}, which is not visible ASCII`)
}

/**
 * Describes the first invisible or non-ASCII character in a name. The name is decoded as UTF-8, or as Latin-1 if it is not valid
 * UTF-8.
 */
function invisibleCharacter(content: Uint8Array): string {
  const bytes = Buffer.from(content)
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
  const found = findCharacter(text, (each) => !isVisible(each))
  return found ?? 'a character'
}

function isVisible(character: string): boolean {
  return character >= ' ' && character <= '~'
}

/** Requires an IPv4 or IPv6 address without a mask, because masks occur only in name constraints. */
function requireAddress(content: Uint8Array): void {
  if (content.length !== 4 && content.length !== 16)
    throw new DerError(`iPAddress has ${content.length} bytes, not 4 or 16`)
}

/** The fields of an otherName. */
export interface OtherName {
  /** Dotted object identifier of the otherName's type. */
  readonly typeId: string
  /** The element in the field [0], which is the value of the otherName. */
  readonly value: DerElement
}

/** Reads the contents of an otherName. Throws DerError if the contents are malformed. */
export function parseOtherName(content: Uint8Array): OtherName {
  const reader = new DerReader(content, 'otherName')
  const typeId = decodeOid(reader.element(tags.oid).content)
  const explicit = reader.nested(contextTag(0, true), 'value of otherName')
  reader.end()
  const value = explicit.any()
  explicit.end()
  return { typeId, value }
}

/**
 * Reads the strings in the contents of an ediPartyName. If nameAssigner is present, it comes first. Throws DerError if the
 * contents are malformed.
 */
export function parseEdiPartyName(content: Uint8Array): DerElement[] {
  const reader = new DerReader(content, 'ediPartyName')
  const assigner = reader.optional(contextTag(0, true))
  const party = reader.element(contextTag(1, true))
  reader.end()
  return (assigner === undefined ? [party] : [assigner, party]).map((explicit) => {
    const inner = new DerReader(explicit.content, 'ediPartyName')
    const value = inner.any()
    inner.end()
    return value
  })
}
