/** Formats a Name as one line of text (RFC 2253), with the attribute keywords in AWS's audit reports. */
import { tags } from '../der/reader.ts'
import { parseName, type Name } from './name.ts'
import { oids } from '../der/oid.ts'
import { isStringTag } from '../der/strings.ts'

const keywords: ReadonlyMap<string, string> = new Map([
  [oids.commonName, 'CN'],
  [oids.organizationalUnitName, 'OU'],
  [oids.organizationName, 'O'],
  [oids.localityName, 'L'],
  [oids.stateOrProvinceName, 'ST'],
  [oids.countryName, 'C'],
])

/**
 * Returns nameText of the Name in `der`. Throws DerError if the Name is malformed. A plain name is ASCII and has one attribute
 * with a keyword in each RDN. Plain names are converted without parsing, because an audit report can contain millions of names.
 */
export function nameTextOf(der: Uint8Array): string {
  return plainNameText(der) ?? nameText(parseName(der))
}

/** Attribute keywords, by the last byte of the object identifier 2.5.4.x. */
const keywordBytes: readonly (string | undefined)[] = Array.from({ length: 12 }, (_, byte) =>
  keywords.get(`2.5.4.${byte}`),
)

/** Formats a plain name. Returns undefined for any other name. */
function plainNameText(der: Uint8Array): string | undefined {
  const length = der[1] ?? 0x80
  if (der[0] !== tags.sequence || length >= 0x80 || der.length !== length + 2) return undefined
  let text = ''
  for (let at = 2; at < der.length; at += 2 + (der[at + 1] ?? 0)) {
    const attribute = plainAttribute(der, at)
    if (attribute === undefined) return undefined
    text = text === '' ? attribute : `${attribute},${text}`
  }
  return text
}

/**
 * Formats SET { SEQUENCE { 06 03 55 04 x, string } } at an offset, with one-byte lengths. Returns undefined for any other
 * bytes.
 */
function plainAttribute(der: Uint8Array, at: number): string | undefined {
  const setLength = der[at + 1] ?? 0x80
  const valueLength = der[at + 10] ?? 0x80
  const isPlain =
    der[at] === tags.set &&
    setLength < 0x80 &&
    der[at + 2] === tags.sequence &&
    der[at + 3] === setLength - 2 &&
    der[at + 4] === tags.oid &&
    der[at + 5] === 3 &&
    der[at + 6] === 0x55 &&
    der[at + 7] === 0x04 &&
    (der[at + 9] === tags.utf8String || der[at + 9] === tags.printableString) &&
    valueLength === setLength - 9 &&
    at + 11 + valueLength <= der.length
  const keyword = isPlain ? keywordBytes[der[at + 8] ?? 0] : undefined
  return keyword && plainValue(keyword, der.subarray(at + 11, at + 11 + valueLength))
}

/**
 * Formats a value that consists of plain characters without a leading or trailing space. Returns undefined for any other value.
 */
function plainValue(keyword: string, bytes: Uint8Array): string | undefined {
  let text = `${keyword}=`
  for (const byte of bytes) {
    const character = plainCharacters[byte]
    if (character === undefined) return undefined
    text += character
  }
  const isPadded = bytes[0] === 0x20 || bytes.at(-1) === 0x20
  return isPadded || bytes.length === 0 ? undefined : text
}

/** Characters that need no escape and have the same encoding in every string type, by byte; undefined for every other byte. */
const plainCharacters: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9 '()./:=?-]/.test(character) ? character : undefined
})

/**
 * Formats a Name, starting with the last RDN. Non-string values, and values of attributes without a keyword, are written as `#`
 * and hexadecimal DER.
 */
export function nameText({ rdns }: Name): string {
  return rdns
    .toReversed()
    .map((rdn) => rdn.map(attributeText).join('+'))
    .join(',')
}

function attributeText(attribute: Name['rdns'][number][number]): string {
  const { type, tag, value, valueDer } = attribute
  const keyword = keywords.get(type)
  return keyword !== undefined && isStringTag(tag)
    ? `${keyword}=${escapeValue(value)}`
    : `${keyword ?? type}=#${Buffer.from(valueDer).toString('hex')}`
}

/** Escapes a value for the text form of a name (RFC 2253 §2.4). */
function escapeValue(value: string): string {
  if (!/[,+"\\<>;]|^[ #]| $/.test(value)) return value
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/(?<!^\\) $/, String.raw`\ `)
}
