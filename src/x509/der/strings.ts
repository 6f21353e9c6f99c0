/** The character string types that occur in names (RFC 5280 §4.1.2.4, X.680 §41). */
import { DerError } from './error.ts'
import { tags, type DerElement } from './reader.ts'

/** Characters that X.680 allows in a PrintableString, and `*@&_`, which some real requests contain. */
const printablePattern = /^[A-Za-z0-9 '()+,\-./:=?*@&_]*$/
const numericPattern = /^[0-9 ]*$/
const asciiPattern = /^[\0-\x7f]*$/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns whether X.680 allows the text in a PrintableString. */
export function isPrintable(text: string): boolean {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)
}

export function isAscii(text: string): boolean {
  return asciiPattern.test(text)
}

const stringTags: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.printableString,
  tags.ia5String,
  tags.visibleString,
  tags.numericString,
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
])

/** Returns whether decodeString decodes elements with the given tag. */
export function isStringTag(tag: number): boolean {
  return stringTags.has(tag)
}

/**
 * Decodes a string element. Returns undefined if the element is not a string. Throws DerError if the contents are invalid for
 * the type of string.
 */
export function decodeString({ tag, content }: DerElement): string | undefined {
  switch (tag) {
    case tags.utf8String:
      return decodeUtf8(content)
    case tags.printableString:
      return checked(latin1(content), printablePattern, 'PrintableString')
    case tags.ia5String:
      return checked(latin1(content), asciiPattern, 'IA5String')
    case tags.visibleString:
      return checked(latin1(content), asciiPattern, 'VisibleString')
    case tags.numericString:
      return checked(latin1(content), numericPattern, 'NumericString')
    case tags.teletexString:
      return latin1(content)
    case tags.bmpString:
      return decodeBmp(content)
    case tags.universalString:
      return decodeUniversal(content)
    default:
      return undefined
  }
}

function decodeUtf8(content: Uint8Array): string {
  if (content.every(isAsciiByte)) return latin1(content)
  try {
    return strictUtf8.decode(content)
  } catch (cause) {
    throw new DerError(`UTF8String is not UTF-8 ${malformedUtf8Position(content)}`, { cause })
  }
}

const replacement = '\uFFFD'
const replacementBytes = Buffer.from(replacement)

/**
 * Describes the start of a malformed sequence. At this position, a lenient decoder writes the first U+FFFD that is not in the
 * input.
 */
function malformedUtf8Position(content: Uint8Array): string {
  let index = 0
  for (const character of Buffer.from(content).toString('utf8')) {
    const isInput = replacementBytes.equals(content.subarray(index, index + 3))
    if (character === replacement && !isInput) break
    index += Buffer.byteLength(character)
  }
  const byte = (content[index] ?? 0).toString(16).toUpperCase().padStart(2, '0')
  return `at byte ${index + 1}, which is 0x${byte}`
}

/**
 * Throws an error unless `allowed` matches the whole text. The message contains the first character that `allowed` does not
 * match.
 */
function checked(text: string, allowed: RegExp, type: string): string {
  if (!allowed.test(text)) {
    const fault = findCharacter(text, (character) => !allowed.test(character))
    throw new DerError(`${type} has ${fault ?? 'a character'}, which is not allowed in it`)
  }
  return text
}

/** Describes the first character in a string for which `matches` returns true, for example `U+0040 '@' at character 3`. */
export function findCharacter(
  text: string,
  matches: (character: string) => boolean,
): string | undefined {
  let position = 0
  for (const character of text) {
    position += 1
    if (matches(character)) return `${showCharacter(character)} at character ${position}`
  }
  return undefined
}

/**
 * Formats a character, for example as `U+0040 '@'`. If the character is invisible or could affect a terminal, only its number
 * is shown.
 */
function showCharacter(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0
  const number = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character) ? `${number} '${character}'` : number
}

/** Decodes each byte to one character. */
export function latin1(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1')
}

function decodeBmp(content: Uint8Array): string {
  if (content.length % 2 !== 0) throw new DerError('BMPString ends within a character')
  return Buffer.from(content).swap16().toString('utf16le')
}

function decodeUniversal(content: Uint8Array): string {
  if (content.length % 4 !== 0) throw new DerError('UniversalString ends within a character')
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let text = ''
  for (let offset = 0; offset < content.length; offset += 4) {
    const codePoint = view.getUint32(offset)
    if (codePoint > 0x10_ff_ff || (codePoint >= 0xd8_00 && codePoint < 0xe0_00))
      throw new DerError(
        `UniversalString has 0x${codePoint.toString(16).toUpperCase()} at character ${offset / 4 + 1}, which is not a Unicode character`,
      )
    text += String.fromCodePoint(codePoint)
  }
  return text
}

function isAsciiByte(byte: number): boolean {
  return byte < 0x80
}
