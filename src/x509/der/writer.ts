/** Encodes DER, with minimal lengths, minimal integers and sorted sets (X.690 §10, §11). */
import { encodeBackwards } from './backward-writer.ts'
import { tags } from './reader.ts'

/** Encodes an element, which consists of a tag, a length and contents. */
export function encodeElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const header = headerBytes(tag, length)
  const der = new Uint8Array(header.length + length)
  der.set(header)
  let offset = header.length
  for (const part of parts) {
    der.set(part, offset)
    offset += part.length
  }
  return der
}

/** Encodes the tag and length of an element whose contents are stored separately. */
export function encodeHeader(tag: number, length: number): Uint8Array {
  return Uint8Array.from(headerBytes(tag, length))
}

function headerBytes(tag: number, length: number): number[] {
  if (length < 0x80) return [tag, length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [tag, 0x80 | bytes.length, ...bytes]
}

/** Encodes a SEQUENCE of elements that are already encoded. */
export function encodeSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeElement(tags.sequence, ...elements)
}

/** Encodes a SET OF elements that are already encoded. The elements are sorted by their octets (X.690 §11.6). */
export function encodeSetOf(elements: readonly Uint8Array[]): Uint8Array {
  return encodeElement(tags.set, ...elements.toSorted((a, b) => Buffer.compare(a, b)))
}

export function encodeBoolean(value: boolean): Uint8Array {
  return Uint8Array.of(tags.boolean, 1, value ? 0xff : 0x00)
}

/**
 * Encodes a non-negative INTEGER from its big-endian magnitude. A leading zero byte is added only if the sign bit requires it.
 */
export function encodeUnsigned(magnitude: Uint8Array): Uint8Array {
  return encodeBackwards((der) => der.unsigned(magnitude))
}

/** Encodes an INTEGER from 0 to 2^31. */
export function encodeSmallInteger(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return encodeUnsigned(bytes)
}

export function encodeOctetString(bytes: Uint8Array): Uint8Array {
  return encodeElement(tags.octetString, bytes)
}

/** Encodes a BIT STRING that consists of whole bytes. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encodeBackwards((der) => der.bitString(bytes))
}

/** Encodes a BIT STRING of named bits, starting with bit 0 and without trailing zero bits (X.690 §11.2.2). */
export function encodeNamedBits(bits: readonly number[]): Uint8Array {
  const last = Math.max(-1, ...bits)
  const bytes = new Uint8Array(Math.floor(last / 8) + 1)
  for (const bit of bits) {
    const index = bit >> 3
    bytes[index] = (bytes[index] ?? 0) | (0x80 >> (bit & 7))
  }
  const unused = last < 0 ? 0 : 7 - (last & 7)
  return encodeElement(tags.bitString, Uint8Array.of(unused), bytes)
}
