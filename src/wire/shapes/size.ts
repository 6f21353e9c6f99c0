/** Computes the maximum length of the JSON for an input. */
import type { Shape, StructureShape } from './shape.ts'

/** Maximum total length of the strings in an input. A certificate with longer text would be too large for any client. */
const textBytesMax = 256 * 1024

/** Assumed maximum length for the few strings and lists that have no limit. */
const lengthUnlimited = 1024
/** The longest form of a code point in JSON: two six-character escapes. */
const codePointBytes = 12
/** Number of JSON characters for each byte of a blob. Some clients escape base64 characters as `\/` or `\u002B`. */
const base64Factor = (4 / 3) * 1.25
/** Maximum length of a number, a boolean or a time in JSON. */
const otherBytes = 32
/** Maximum total length of the quotes, colon, comma and white space around a member or an element. */
const memberBytes = 16

interface Size {
  readonly text: number
  readonly blobs: number
}

/**
 * Returns the maximum length, in bytes, of the JSON for any value of a shape, regardless of the escapes that the client uses.
 * Strings are limited to 256 KiB in total, even if nested lists would allow more. The lengths of blobs, which contain
 * certificates and CSRs, are added to this limit.
 */
export function jsonBytesMax(shape: StructureShape): number {
  const { text, blobs } = sizeOf(shape)
  return Math.min(text, textBytesMax) + blobs
}

function sizeOf(shape: Shape): Size {
  switch (shape.kind) {
    case 'structure':
      return shape.fields.reduce<Size>(
        (sum, { name, shape: member }) => plus(sum, sizeOf(member), name.length + memberBytes),
        { text: 2, blobs: 0 },
      )
    case 'list':
      return times(plus(sizeOf(shape.element), none, memberBytes), shape.limits.max)
    case 'string':
      return { text: codePointBytes * (shape.limits.max ?? lengthUnlimited), blobs: 0 }
    case 'enumeration':
      return {
        text: codePointBytes * Math.max(...shape.values.map(({ length }) => length)),
        blobs: 0,
      }
    case 'blob':
      return { text: 0, blobs: Math.ceil(base64Factor * (shape.limits.max ?? lengthUnlimited)) }
    case 'integer':
    case 'long':
    case 'boolean':
    case 'timestamp':
      return { text: otherBytes, blobs: 0 }
  }
}

const none: Size = { text: 0, blobs: 0 }

function plus(one: Size, other: Size, textBytes: number): Size {
  return { text: one.text + other.text + textBytes, blobs: one.blobs + other.blobs }
}

function times({ text, blobs }: Size, count: number = lengthUnlimited): Size {
  return { text: text * count, blobs: blobs * count }
}
