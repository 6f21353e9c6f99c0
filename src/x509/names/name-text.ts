/** A Name as one line of text (RFC 2253), with the attributes that AWS's audit reports write by name. */
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
 * nameText of the Name in `der`. Throws DerError for what is no Name. Names as most are, in ASCII and of named attributes
 * one to an RDN, are not taken apart for it: audit reports have millions.
 */
export function nameTextOf(der: Uint8Array): string {
  return plainNameText(der) ?? nameText(parseName(der))
}

/** Last octet of the object identifier 2.5.4.x, to the keyword. */
const keywordBytes: readonly (string | undefined)[] = Array.from({ length: 12 }, (_, byte) =>
  keywords.get(`2.5.4.${byte}`),
)

/** Undefined for a name that is not as most are. */
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

/** SET { SEQUENCE { 06 03 55 04 x, string } } at an offset, every length in one octet. */
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

/** Letters, digits, spaces in between, `-`, `.`, `/` and the like: what needs no escape and is the same in every string. */
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

/** By octet. */
const plainCharacters: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9 '()./:=?-]/.test(character) ? character : undefined
})

/** Last RDN first; attributes without a keyword, and values that are no strings, as `#` and the hex of their DER. */
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

/** RFC 2253 §2.4. */
function escapeValue(value: string): string {
  if (!/[,+"\\<>;]|^[ #]| $/.test(value)) return value
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/(?<!^\\) $/, String.raw`\ `)
}
