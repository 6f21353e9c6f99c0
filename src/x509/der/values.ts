/** Reads the contents octets of universal types in strict DER (X.690 §8, §11). */
import { DerError } from './error.ts'
import { type DerReader, tags, type DerElement, readOnlyNested } from './reader.ts'
import { strict, type Tolerance } from './tolerance.ts'

/** Reads a BOOLEAN. The value must be 00 or FF. If BER is tolerated, any byte is allowed. */
export function readBoolean(
  element: DerElement,
  label: string,
  tolerance: Tolerance = strict,
): boolean {
  const { content } = element
  const [byte] = content
  const isDer = byte === 0x00 || byte === 0xff
  if (content.length !== 1 || !(isDer || tolerance.has('ber-boolean')))
    throw new DerError(
      `${label} is not a DER BOOLEAN, which is one byte, 00 or ff`,
      startOf(element),
    )
  return byte !== 0x00
}

/**
 * Reads a BOOLEAN DEFAULT FALSE, and returns false if the element is absent. Throws DerError if the value FALSE is encoded,
 * which DER forbids.
 */
export function readOptionalBoolean(
  reader: DerReader,
  label: string,
  tolerance: Tolerance = strict,
): boolean {
  const element = reader.optional(tags.boolean)
  if (element === undefined) return false
  const value = readBoolean(element, label, tolerance)
  if (!value && !tolerance.has('explicit-default'))
    throw new DerError(`${label} is FALSE, which DER omits`, startOf(element))
  return value
}

/** Returns the position of an element for use in a DerError. */
export function startOf({ der }: DerElement): { readonly offset: number } {
  return { offset: der.byteOffset }
}

/** Reads an INTEGER, and returns its content bytes in minimal two's complement. */
export function readIntegerBytes({ content }: DerElement, label: string): Uint8Array {
  const [first, second = 0] = content
  if (first === undefined) throw new DerError(`${label} is an empty INTEGER`)
  const redundant = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)
  if (content.length > 1 && redundant) throw new DerError(`${label} is not a minimal INTEGER`)
  return content
}

/** Reads a non-negative INTEGER. Returns the integer's magnitude without a leading zero byte; the magnitude of zero is empty. */
export function readUnsignedBytes(element: DerElement, label: string): Uint8Array {
  const content = readIntegerBytes(element, label)
  const first = content[0] ?? 0
  if (first >= 0x80) throw new DerError(`${label} is negative`)
  return first === 0 ? content.subarray(1) : content
}

/** Reads an INTEGER from 0 to `max`. `max` is at most 2^32 - 1. */
export function readSmallInteger(element: DerElement, label: string, max: number): number {
  const bytes = readUnsignedBytes(element, label)
  const value = bytes.length > 4 ? Infinity : bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (value > max) throw new DerError(`${label} is more than ${max}`)
  return value
}

/** Reads a BIT STRING that consists of whole bytes, and returns the bytes. */
export function readBitStringBytes({ content }: DerElement, label: string): Uint8Array {
  if (content[0] !== 0) throw new DerError(`${label} is not a BIT STRING of whole bytes`)
  return content.subarray(1)
}

export function isNull(der: Uint8Array): boolean {
  return der.length === 2 && der[0] === tags.null && der[1] === 0
}

/** Reads the elements of a SEQUENCE OF or a SET OF, which may contain at most `max` elements. */
export function readAll(reader: DerReader, label: string, max: number): DerElement[] {
  const elements: DerElement[] = []
  while (!reader.atEnd) {
    if (elements.length === max) throw new DerError(`${label} has more than ${max} elements`)
    elements.push(reader.any())
  }
  return elements
}

/** Reads `der`, which must be one SEQUENCE OF with 1 to `max` elements. */
export function readSequenceOf(der: Uint8Array, label: string, max: number): DerElement[] {
  const elements = readAll(readOnlyNested(der, tags.sequence, label), label, max)
  if (elements.length === 0) throw new DerError(`${label} is empty`)
  return elements
}

/** Returns whether elements are in the order that DER requires for SET OF (X.690 §11.6). */
export function isInSetOrder(elements: readonly Uint8Array[]): boolean {
  return elements.every((element, index) => {
    const previous = elements[index - 1]
    return previous === undefined || Buffer.compare(previous, element) <= 0
  })
}
